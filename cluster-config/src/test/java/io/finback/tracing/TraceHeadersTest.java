package io.finback.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.tracing.SpanIds.Sampling;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TraceHeadersTest {
    /** The example of the W3C's recommendation. */
    private static final String TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static final SpanIds IDS =
            new SpanIds(0x0af7651916cd43ddL, 0x8448eb211c80319cL, 0xb7ad6b7169203331L, 0, Sampling.YES);

    private static SpanIds read(Map<String, String> headers) {
        return TraceHeaders.read(headers::get).orElse(null);
    }

    @Test
    void readsAndWritesTraceparent() {
        assertThat(read(Map.of("traceparent", TRACEPARENT))).isEqualTo(IDS);
        assertThat(TraceHeaders.traceparent(IDS)).isEqualTo(TRACEPARENT);
        assertThat(TraceHeaders.traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))
                .isEqualTo(IDS.with(Sampling.NO));
        // A later version may say more.
        assertThat(TraceHeaders.traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-is-new"))
                .isEqualTo(IDS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
                "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            })
    void takesWhatIsNoTraceparentAsAbsent(String text) {
        assertThat(TraceHeaders.traceparent(text)).isNull();
    }

    @ParameterizedTest
    @EnumSource(Sampling.class)
    void b3ComesBackAsItWent(Sampling sampling) {
        SpanIds child = new SpanIds(0, 0xabcL, 0xdefL, 0x123L, sampling);
        Map<String, String> several = new HashMap<>();
        TraceHeaders.b3(child, several::put);
        assertThat(read(several)).isEqualTo(child);
        SpanIds single = read(Map.of("b3", TraceHeaders.b3(child)));
        assertThat(single)
                .isEqualTo(sampling == Sampling.UNDECIDED ? new SpanIds(0, 0xabcL, 0xdefL, 0, sampling) : child);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "d", "-", "80f198ee56343ba8", "xyz-05e3ac9a4f6e3b90-1", "80f198ee56343ba8-1-1"})
    void takesWhatIsNoB3AsAbsent(String text) {
        assertThat(read(Map.of("b3", text))).isNull();
    }

    @Test
    void aDecisionMayComeAlone() {
        assertThat(TraceHeaders.decision(Map.of("b3", "0")::get)).isEqualTo(Sampling.NO);
        assertThat(TraceHeaders.decision(Map.of("b3", "d")::get)).isEqualTo(Sampling.DEBUG);
        assertThat(TraceHeaders.decision(Map.of("x-b3-sampled", "1")::get)).isEqualTo(Sampling.YES);
        assertThat(TraceHeaders.decision(Map.of("x-b3-flags", "1")::get)).isEqualTo(Sampling.DEBUG);
        assertThat(TraceHeaders.decision(Map.of("b3", "-")::get)).isEqualTo(Sampling.UNDECIDED);
        assertThat(TraceHeaders.decision(Map.<String, String>of()::get)).isEqualTo(Sampling.UNDECIDED);
    }

    @Test
    void readsTheExampleOfB3() {
        assertThat(read(Map.of("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90")))
                .isEqualTo(new SpanIds(
                        0x80f198ee56343ba8L,
                        0x64fe8b2a57d3eff7L,
                        0xe457b5a2e4d86bd1L,
                        0x05e3ac9a4f6e3b90L,
                        Sampling.YES));
    }
}
