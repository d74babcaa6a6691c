/// Mulberry32, a generator of 32-bit numbers. The returned function draws a number from 0 to below `limit`.
export function randomNumbers(state) {
    return limit => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
    };
}
