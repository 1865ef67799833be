package io.finback.mesos.v1;

import com.google.protobuf.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;

/** The two ways a v1 message is written. Stateless and thread-safe. */
public enum Encoding {
    JSON("application/json"),
    PROTOBUF("application/x-protobuf");

    private final String mediaType;

    Encoding(String mediaType) {
        this.mediaType = mediaType;
    }

    /** As it stands in headers, without parameters. */
    public String mediaType() {
        return mediaType;
    }

    /** The message in bytes. */
    public byte[] write(Message message) {
        if (this == PROTOBUF) {
            return message.toByteArray();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        try {
            JsonWriter.write(message, out);
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory", e);
        }
        return out.toByteArray();
    }

    /**
     * Reads one message of the type of {@code prototype}, every required field present. Linear in the size of {@code bytes}.
     * Throws {@link BadMessageException} with the path of what is wrong.
     */
    public <M extends Message> M read(byte[] bytes, M prototype, Limits limits) throws BadMessageException {
        Message message = this == PROTOBUF
                ? ProtobufReader.read(bytes, prototype, limits)
                : JsonReader.read(bytes, prototype, limits);
        Optional<String> missing = RequiredFields.firstMissing(message);
        if (missing.isPresent()) {
            throw BadMessageException.of(missing.get() + ": missing (expected: a value, it is required)");
        }
        @SuppressWarnings("unchecked") // a parser and a builder of M give an M
        M same = (M) message;
        return same;
    }
}
