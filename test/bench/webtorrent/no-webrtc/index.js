// In place of WebRTC, whose native part is not built: only TCP is measured.
export const RTCPeerConnection = undefined;
export const RTCSessionDescription = undefined;
export const RTCIceCandidate = undefined;
export default {};
