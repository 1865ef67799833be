package io.finback.mesos.v1;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RecordIoTest {
    @Test
    void framesWithTheLengthInBytes() {
        assertThat(new String(RecordIo.frame("\u00e4x".getBytes(UTF_8)), UTF_8)).isEqualTo("3\n\u00e4x");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 100})
    void understandsAnyPieces(int size) throws BadMessageException {
        byte[] stream = "5\nhello12\nhello world!1\n\n".getBytes(UTF_8);
        RecordIo.Decoder decoder = new RecordIo.Decoder(100);
        List<String> records = new ArrayList<>();
        for (int at = 0; at < stream.length; at += size) {
            byte[] piece = java.util.Arrays.copyOfRange(stream, at, Math.min(stream.length, at + size));
            decoder.feed(piece).forEach(record -> records.add(new String(record, UTF_8)));
        }
        assertThat(records).isEqualTo(List.of("hello", "hello world!", "\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x\n", "\n", "0\n", "-1\nx", "99999999999\n", "101\n"})
    void refusesLengthsItCannotUse(String stream) {
        assertThatThrownBy(() -> {
                    var unused = new RecordIo.Decoder(100).feed(stream.getBytes(UTF_8));
                })
                .isInstanceOf(BadMessageException.class);
    }

    @Test
    void hasNoEmptyRecords() {
        assertThatThrownBy(() -> {
                    var unused = RecordIo.frame(new byte[0]);
                })
                .isInstanceOf(IllegalArgumentException.class);
    }
}
