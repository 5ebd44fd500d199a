// PushPolicy: which gifts an engine takes (sta_push).

/** `wanted`: of what is being downloaded; `catalogue`: also of what a tracker lists, under a quota; `never`. */
export type PushPolicy = (typeof PUSH_POLICIES)[number];
export const PUSH_POLICIES = ["wanted", "catalogue", "never"] as const;
