package io.finback.names;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Any text is a dtab, which reads back as itself, or is refused with a reason. {@code -Dfuzz=…} texts, {@code -Dseed=…} repeats a run. */
class DtabFuzzTest {
    private static final String[] PIECES = {
        "/", "svc", "/svc", " => ", "=>", "/#/io.l5d.fs", ";", "|", "&", " & ", "0.5*", "1 * ", "*", "(", ")", "!", "~",
                "$", "/$/inet/127.1/80",
        "#", "# c\n", "\\x2f", "\\x", "\\\\", ".", "-", "_", ":", "%", "\u00e9", "\u0000", "\n", "\t", "9e99*", "NaN*",
                "-1*", "1.*", ".5*"
    };

    private static String text(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(24); i >= 0; i--) {
            text.append(
                    random.nextInt(6) == 0
                            ? "/a => " + PIECES[random.nextInt(PIECES.length)] + ";"
                            : PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    @Test
    void anyTextIsReadAsItselfOrRefused() {
        long seed = Long.getLong("seed", System.nanoTime());
        int count = Integer.getInteger("fuzz", 30_000);
        int read = 0;
        for (int i = 0; i < count; i++) {
            String text = text(new SplittableRandom(seed + i));
            String which = "seed=" + (seed + i) + " '" + text + "'";
            Dtab dtab;
            try {
                dtab = Dtab.parse(text);
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).as(which).isNotBlank();
                continue;
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError(which, e);
            }
            read++;
            assertThat(Dtab.parse(dtab.show())).as(which).isEqualTo(dtab);
        }
        assertThat(read).as("some of it has to be read").isGreaterThan(count / 200);
    }

    @Test
    void nestingHasALimit() {
        String deep = "/a => " + "(".repeat(100_000) + "/b" + ")".repeat(100_000);
        try {
            assertThat(Dtab.parse(deep).entries()).hasSize(1);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }
}
