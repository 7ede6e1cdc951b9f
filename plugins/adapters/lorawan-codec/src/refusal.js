// Why a frame is not decoded: constant words, which never quote the device.

export const NOT_MINE = { tag: 'not-mine' };

export function malformed(why) {
  return { tag: 'malformed', val: why };
}

export function unsupported(why) {
  return { tag: 'unsupported', val: why };
}
