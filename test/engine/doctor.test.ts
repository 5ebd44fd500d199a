import { expect, onTestFinished, test } from "vitest";
import { Doctor } from "../../source/engine/doctor.ts";

const FIGURES = {
  version: "0.1.0",
  port: 1,
  peers: 2,
  dialing: 3,
  transfers: 4,
  pieceBytes: 5,
  socketBytes: 6,
  dht: null,
  lan: null,
  portMapping: null,
};

function open(): Doctor {
  const doctor = new Doctor();
  onTestFinished(() => doctor.close());
  return doctor;
}

test("tells figures of this process and what the engine knows", () => {
  const report = open().report(FIGURES, []);
  expect(report).toMatchObject({ ...FIGURES, pid: process.pid, findings: [] });
  expect(report.rssBytes).toBeGreaterThan(1e6);
  expect(report.descriptors.open).toBeGreaterThan(2);
  expect(report.descriptors.open).toBeLessThan(report.descriptors.limit ?? Number.POSITIVE_INFINITY);
});

test("tells how late the loop was in the minute before", async () => {
  const doctor = open();
  await new Promise<void>((resolve) => setTimeout(resolve, 120));
  const blocked = performance.now() + 300;
  while (performance.now() < blocked);
  await new Promise<void>((resolve) => setTimeout(resolve, 120));
  const minute = doctor.endMinute();
  expect(minute.max).toBeGreaterThan(150);
  const report = doctor.report(FIGURES, ["The disk is nearly full."]);
  expect(report.loopDelayMs).toEqual(minute);
  expect(report.findings[0]).toBe("The disk is nearly full.");
  expect(report.findings[1]).toMatch(/^The engine was late by \d/);
});
