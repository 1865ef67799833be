package io.finback.nodeagent.docker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** The files {@code stdout} and {@code stderr} of a sandbox. Never follows a link the container may have put in their place. */
final class SandboxOutput implements LogFollower.Output, AutoCloseable {
    private final SeekableByteChannel stdout;
    private final SeekableByteChannel stderr;

    SandboxOutput(Path sandbox) throws IOException {
        this.stdout = open(sandbox.resolve("stdout"));
        try {
            this.stderr = open(sandbox.resolve("stderr"));
        } catch (IOException e) {
            stdout.close();
            throw e;
        }
    }

    private static SeekableByteChannel open(Path file) throws IOException {
        return Files.newByteChannel(
                file,
                Set.of(
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.APPEND,
                        LinkOption.NOFOLLOW_LINKS));
    }

    @Override
    public void write(boolean toStderr, byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
        SeekableByteChannel file = toStderr ? stderr : stdout;
        while (buffer.hasRemaining()) {
            int written = file.write(buffer);
            if (written == 0) {
                throw new IOException("no progress writing to the sandbox");
            }
        }
    }

    @Override
    public void close() throws IOException {
        try (stdout) {
            stderr.close();
        }
    }
}
