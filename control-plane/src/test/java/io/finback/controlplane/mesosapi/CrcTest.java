package io.finback.controlplane.mesosapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class CrcTest {
    @Test
    void joinsChecksumsAsIfTheBytesHadBeenJoined() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            byte[] all = new byte[random.nextInt(50_000)];
            random.nextBytes(all);
            int cut = random.nextInt(all.length + 1);
            int joined = Crc.combine(crc(all, 0, cut), Crc.shift(all.length - cut), crc(all, cut, all.length));
            assertThat(joined).as("seed %s", seed).isEqualTo(crc(all, 0, all.length));
        }
    }

    private static int crc(byte[] bytes, int from, int to) {
        CRC32 crc = new CRC32();
        crc.update(bytes, from, to - from);
        return (int) crc.getValue();
    }
}
