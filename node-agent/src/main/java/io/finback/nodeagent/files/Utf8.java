package io.finback.nodeagent.files;

/** Cuts bytes where no character is torn. */
final class Utf8 {
    private static final int LONGEST = 4;

    private Utf8() {}

    /** How many of the first {@code length} bytes make whole characters; all of them where the end is no UTF-8 at all. */
    static int wholeCharacters(byte[] bytes, int length) {
        for (int back = 1; back <= Math.min(LONGEST, length); back++) {
            int first = bytes[length - back] & 0xff;
            if (first < 0x80) {
                return length;
            }
            if (first >= 0xc0) {
                int needs = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
                return needs > back && length > back ? length - back : length;
            }
        }
        return length;
    }
}
