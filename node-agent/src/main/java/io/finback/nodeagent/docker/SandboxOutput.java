package io.finback.nodeagent.docker;

import io.finback.nodeagent.executor.LogLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * The files {@code stdout} and {@code stderr} of a sandbox, within their limits: a full one becomes {@code stdout.1}, and the oldest
 * goes. Never follows a link the container may have put in their place. Not thread-safe.
 */
final class SandboxOutput implements LogFollower.Output, AutoCloseable {
    private final OneFile stdout;
    private final OneFile stderr;

    SandboxOutput(Path sandbox, LogLimits limits) throws IOException {
        this.stdout = new OneFile(sandbox, "stdout", limits);
        try {
            this.stderr = new OneFile(sandbox, "stderr", limits);
        } catch (IOException e) {
            stdout.close();
            throw e;
        }
    }

    @Override
    public void write(boolean toStderr, byte[] bytes, int offset, int length) throws IOException {
        (toStderr ? stderr : stdout).write(ByteBuffer.wrap(bytes, offset, length));
    }

    @Override
    public void close() throws IOException {
        try (stdout) {
            stderr.close();
        }
    }

    private static final class OneFile implements AutoCloseable {
        private final Path sandbox;
        private final String name;
        private final LogLimits limits;
        private SeekableByteChannel channel;
        private long size;

        OneFile(Path sandbox, String name, LogLimits limits) throws IOException {
            this.sandbox = sandbox;
            this.name = name;
            this.limits = limits;
            this.channel = open();
            this.size = channel.size();
        }

        private SeekableByteChannel open() throws IOException {
            return Files.newByteChannel(
                    sandbox.resolve(name),
                    Set.of(
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.APPEND,
                            LinkOption.NOFOLLOW_LINKS));
        }

        void write(ByteBuffer bytes) throws IOException {
            if (size > 0 && size + bytes.remaining() > limits.maxBytes()) {
                rotate();
            }
            while (bytes.hasRemaining()) {
                int written = channel.write(bytes);
                if (written == 0) {
                    throw new IOException("no progress writing to the sandbox");
                }
                size += written;
            }
        }

        private void rotate() throws IOException {
            channel.close();
            if (limits.maxFiles() == 1) {
                Files.deleteIfExists(sandbox.resolve(name));
            }
            for (int i = limits.maxFiles() - 1; i >= 1; i--) {
                Path from = sandbox.resolve(i == 1 ? name : name + "." + (i - 1));
                if (Files.exists(from, LinkOption.NOFOLLOW_LINKS)) {
                    Files.move(from, sandbox.resolve(name + "." + i), StandardCopyOption.REPLACE_EXISTING);
                }
            }
            channel = open();
            size = channel.size();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
