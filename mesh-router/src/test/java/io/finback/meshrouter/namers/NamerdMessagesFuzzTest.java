package io.finback.meshrouter.namers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.namers.ThriftBinary.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** A damaged answer is read or refused, never anything else. {@code -Dfuzz=…} messages, {@code -Dseed=…} repeats a run. */
class NamerdMessagesFuzzTest {
    private static final List<Function<byte[], Object>> READERS = List.of(
            NamerdMessages::boundTree, NamerdMessages::addresses, NamerdMessages::dtab, NamerdMessages::delegation);

    /** An answer: what {@link ThriftBinary#call} writes as argument 1 is the declared exception of an answer; moved to field 0 it is a result. */
    private static byte[] answer(int field, Writer struct) {
        byte[] call = ThriftBinary.call("bind", struct);
        call[3] = 2;
        int argument = 12 + 4 + 1;
        call[argument] = 0;
        call[argument + 1] = (byte) field;
        return call;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static final List<byte[]> WHOLE = List.of(
            answer(
                    0,
                    new Writer()
                            .text(1, "stamp")
                            .struct(
                                    2,
                                    new Writer()
                                            .struct(
                                                    1,
                                                    new Writer()
                                                            .struct(
                                                                    4,
                                                                    new Writer()
                                                                            .list(1, List.of(utf8("#"), utf8("x")))
                                                                            .list(2, List.of())))
                                            .emptyMap(2))
                            .text(3, "default")),
            answer(0, new Writer().text(1, "stamp").text(2, "/svc => /a | /b")),
            answer(0, new Writer().text(1, "stamp").struct(2, new Writer().struct(2, new Writer()))),
            answer(1, new Writer().text(1, "why not")));

    @Test
    void readsOrRefuses() {
        long seed = Long.getLong("seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        int read = 0;
        for (int i = 0; i < Integer.getInteger("fuzz", 20_000); i++) {
            byte[] message = WHOLE.get(random.nextInt(WHOLE.size())).clone();
            for (int d = random.nextInt(4); d > 0 && message.length > 0; d--) {
                int at = random.nextInt(message.length);
                switch (random.nextInt(3)) {
                    case 0 -> message[at] = (byte) random.nextInt(256);
                    case 1 -> message[at] ^= (byte) (1 << random.nextInt(8));
                    default -> message = Arrays.copyOf(message, at);
                }
            }
            try {
                assertThat(READERS.get(random.nextInt(READERS.size())).apply(message))
                        .isNotNull();
                read++;
            } catch (IllegalStateException refused) {
                assertThat(refused.getMessage()).isNotEmpty();
            } catch (Throwable e) {
                throw new AssertionError("-Dseed=" + seed + " message " + i, e);
            }
        }
        assertThat(read).isPositive();
    }

    @Test
    void refusesListsWithoutEnd() {
        ByteBuffer nested = ByteBuffer.allocate(500_000);
        nested.putInt(0x8001_0002).putInt(0).putInt(0).put((byte) 15).putShort((short) 0);
        while (nested.remaining() > 5) {
            nested.put((byte) 15).putInt(1);
        }
        assertThatThrownBy(() -> NamerdMessages.dtab(nested.array()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("levels");
    }
}
