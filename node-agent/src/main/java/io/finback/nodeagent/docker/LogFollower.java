package io.finback.nodeagent.docker;

import com.github.dockerjava.transport.DockerHttpClient.Response;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Map;

/**
 * Carries what a container prints into its sandbox, each line once, also across a change of agents: the engine gives every line a
 * time, and the last time written is in a file of its own. Should the agent die between the two, one line is there twice. Not
 * thread-safe.
 */
final class LogFollower {
    private static final int HEADER_BYTES = 8;
    private static final int MAX_FRAME_BYTES = 1024 * 1024;
    private static final int STDERR = 2;

    /** Takes what came from one of the two streams. */
    interface Output {
        void write(boolean stderr, byte[] bytes, int offset, int length) throws IOException;
    }

    private final Engine engine;
    private final String name;
    private final Path position;
    private final Output output;
    private Instant last;

    /** @param position where the time of the last line is kept; its directory exists */
    LogFollower(Engine engine, String name, Path position, Output output) {
        this.engine = engine;
        this.name = name;
        this.position = position;
        this.output = output;
        this.last = read(position);
    }

    private static Instant read(Path position) {
        try {
            return Instant.parse(Files.readString(position).strip());
        } catch (IOException | DateTimeParseException e) {
            return Instant.EPOCH;
        }
    }

    /** Reads until the container ends or the engine breaks off; the caller finds out which. */
    void follow() throws IOException {
        Map<String, String> query =
                new HashMap<>(Map.of("follow", "true", "stdout", "true", "stderr", "true", "timestamps", "true"));
        if (last.isAfter(Instant.EPOCH)) {
            query.put("since", last.getEpochSecond() + "." + String.format("%09d", last.getNano()));
        }
        try (Response response = engine.open("GET", "/containers/" + name + "/logs", query, Map.of());
                DataInputStream frames = new DataInputStream(new BufferedInputStream(response.getBody()));
                FileChannel mark = FileChannel.open(position, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            byte[] header = new byte[HEADER_BYTES];
            while (readHeader(frames, header)) {
                int length = ((header[4] & 0xff) << 24)
                        | ((header[5] & 0xff) << 16)
                        | ((header[6] & 0xff) << 8)
                        | (header[7] & 0xff);
                if (length < 0 || length > MAX_FRAME_BYTES) {
                    throw new IOException(
                            "a frame of " + length + " bytes (expected: at most " + MAX_FRAME_BYTES + ")");
                }
                byte[] frame = frames.readNBytes(length);
                if (frame.length < length) {
                    return;
                }
                take(header[0] == STDERR, frame, mark);
            }
        }
    }

    private static boolean readHeader(DataInputStream frames, byte[] header) throws IOException {
        try {
            frames.readFully(header);
            return true;
        } catch (EOFException e) {
            return false;
        }
    }

    private void take(boolean stderr, byte[] frame, FileChannel mark) throws IOException {
        int space = 0;
        while (space < frame.length && frame[space] != ' ') {
            space++;
        }
        Instant at;
        try {
            at = Instant.parse(new String(frame, 0, space, StandardCharsets.US_ASCII));
        } catch (DateTimeParseException e) {
            output.write(stderr, frame, 0, frame.length);
            return;
        }
        if (at.isAfter(last)) {
            output.write(stderr, frame, space + 1, frame.length - space - 1);
            last = at;
            // Always as long: a shorter one would leave an end of the one before.
            ByteBuffer text = ByteBuffer.wrap(String.format("%-40s", at).getBytes(StandardCharsets.US_ASCII));
            int written = mark.write(text, 0);
            if (written < text.capacity()) {
                throw new IOException(position + ": " + written + " bytes written");
            }
        }
    }
}
