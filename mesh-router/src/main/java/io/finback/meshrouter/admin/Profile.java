package io.finback.meshrouter.admin;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Where running threads are, sampled, in the form that {@code pprof} reads: symbols, then gperftools' binary of 64-bit words. Source:
 * gperftools doc/cpuprofile-fileformat.html, twitter/util CpuProfile.scala.
 */
final class Profile {
    private static final int MAX_DEPTH = 128;

    private final Map<String, Long> addresses = new HashMap<>();
    private final Map<List<Long>, Long> counts = new LinkedHashMap<>();

    private Profile() {}

    /**
     * Samples from the calling thread, which is busy that long.
     *
     * @param seconds 1 to 15: an admin request ends at 20
     * @param hz samples a second, 1 to 1,000
     */
    static byte[] take(int seconds, int hz) {
        Profile profile = new Profile();
        long period = 1_000_000_000L / hz;
        long start = System.nanoTime();
        for (long i = 1; i <= (long) seconds * hz; i++) {
            profile.sample();
            long left = start + i * period - System.nanoTime();
            if (left > 0) {
                LockSupport.parkNanos(left);
            }
        }
        return profile.write(period / 1_000);
    }

    private void sample() {
        Thread self = Thread.currentThread();
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            if (!thread.equals(self) && thread.getState() == Thread.State.RUNNABLE && !waits(stack)) {
                List<Long> frames = new ArrayList<>(stack.length);
                Arrays.stream(stack).limit(MAX_DEPTH).forEach(frame -> frames.add(address(frame)));
                counts.merge(frames, 1L, Long::sum);
            }
        });
    }

    /** Java calls a thread runnable that waits in the kernel. */
    private static boolean waits(StackTraceElement[] stack) {
        if (stack.length == 0) {
            return true;
        }
        String top = stack[0].getMethodName();
        return stack[0].isNativeMethod()
                && (top.contains("wait")
                        || top.contains("Wait")
                        || top.contains("accept")
                        || top.equals("poll")
                        || top.equals("park"));
    }

    private long address(StackTraceElement frame) {
        return addresses.computeIfAbsent(
                frame.getClassName() + "." + frame.getMethodName(), name -> 0x1000L + 16L * addresses.size());
    }

    private byte[] write(long periodMicros) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StringBuilder symbols = new StringBuilder("--- symbol\nbinary=finback\n");
        addresses.forEach((name, address) -> symbols.append(String.format(Locale.ROOT, "0x%016x %s\n", address, name)));
        out.writeBytes(symbols.append("---\n--- profile\n").toString().getBytes(StandardCharsets.UTF_8));
        words(out, 0, 3, 0, periodMicros, 0);
        counts.forEach((frames, count) -> {
            words(out, count, frames.size());
            frames.forEach(frame -> words(out, frame));
        });
        words(out, 0, 1, 0);
        return out.toByteArray();
    }

    private static void words(ByteArrayOutputStream out, long... words) {
        ByteBuffer buffer = ByteBuffer.allocate(8 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long word : words) {
            buffer.putLong(word);
        }
        out.writeBytes(buffer.array());
    }
}
