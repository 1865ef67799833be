package io.finback.meshrouter.namers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** A damaged message is read or refused, never anything else. {@code -Dfuzz=…} messages, {@code -Dseed=…} repeats a run. */
class MeshMessagesFuzzTest {
    private static final List<byte[]> WHOLE = List.of(
            MeshProto.bytes(
                    "BoundTreeRsp",
                    "tree { alt { trees { union { trees { weight: 0.5 tree { " + MeshProto.leaf("/#/a/b", "/c")
                            + " } } trees { weight: 1 tree { empty { } } } } } trees { fail { } } } }"),
            MeshProto.bytes(
                    "Replicas",
                    "bound { " + MeshProto.endpoint("10.0.0.1:80")
                            + " endpoints { inet_af: 1 address: \"" + "\\001".repeat(16)
                            + "\" port: 82 metadata { key: \"endpoint_addr_weight\" value: \"2\" } } }"),
            MeshProto.bytes(
                    "DtabRsp",
                    "dtab { version { id: \"1\" } dtab { dentries { prefix { elems { label: \"svc\" } elems { wildcard { } } }"
                            + " dst { union { trees { weight: 1 tree { leaf { id { elems: \"x\" } } } } } } } } }"),
            MeshProto.bytes(
                    "DelegateTreeRsp",
                    "tree { path { elems: \"svc\" } delegate { path { elems: \"a\" } " + MeshProto.leaf("/#/x", "/")
                            + " } }"));

    private static final List<Function<byte[], Object>> READERS =
            List.of(MeshMessages::boundTree, MeshMessages::addresses, MeshMessages::dtab, MeshMessages::delegation);

    @Test
    void readsOrRefuses() {
        long seed = Long.getLong("seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        int read = 0;
        for (int i = 0; i < Integer.getInteger("fuzz", 20_000); i++) {
            byte[] message = WHOLE.get(random.nextInt(WHOLE.size())).clone();
            int damages = random.nextInt(4);
            for (int d = 0; d < damages; d++) {
                message = damaged(message, random);
            }
            Function<byte[], Object> reader = READERS.get(random.nextInt(READERS.size()));
            try {
                assertThat(reader.apply(message)).isNotNull();
                read++;
            } catch (IllegalStateException refused) {
                assertThat(refused.getMessage()).isNotEmpty();
            } catch (Throwable e) {
                throw new AssertionError("-Dseed=" + seed + " message " + i, e);
            }
        }
        assertThat(read).isPositive();
    }

    private static byte[] damaged(byte[] message, SplittableRandom random) {
        if (message.length == 0) {
            return message;
        }
        int at = random.nextInt(message.length);
        switch (random.nextInt(3)) {
            case 0 -> message[at] = (byte) random.nextInt(256);
            case 1 -> message[at] ^= (byte) (1 << random.nextInt(8));
            default -> {
                return Arrays.copyOf(message, at);
            }
        }
        return message;
    }

    @Test
    void refusesTreesWithoutEnd() {
        byte[] tree = {};
        for (int i = 0; i < 1_000; i++) {
            java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
            com.google.protobuf.CodedOutputStream coded = com.google.protobuf.CodedOutputStream.newInstance(out);
            try {
                coded.writeByteArray(9, tree);
                coded.flush();
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            tree = out.toByteArray();
        }
        byte[] message = new byte[tree.length + 3];
        message[0] = 10;
        message[1] = (byte) ((tree.length & 0x7f) | 0x80);
        message[2] = (byte) (tree.length >> 7);
        System.arraycopy(tree, 0, message, 3, tree.length);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> MeshMessages.delegation(message))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("levels");
    }
}
