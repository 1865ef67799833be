package io.finback.controlplane.allocation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AllocatorMeterTest {
    private final AllocatorMeter meter = new AllocatorMeter();

    @Test
    void passesFallIntoTheBucketsOfAHistogram() {
        meter.passed(50_000, 3);
        meter.passed(100_000, 0);
        meter.passed(2_000_000, 4);
        meter.passed(3_000_000_000L, 0);
        assertThat(meter.prometheus().lines())
                .contains(
                        "finback_allocator_pass_seconds_bucket{le=\"1.0E-4\"} 2",
                        "finback_allocator_pass_seconds_bucket{le=\"0.001\"} 2",
                        "finback_allocator_pass_seconds_bucket{le=\"0.005\"} 3",
                        "finback_allocator_pass_seconds_bucket{le=\"1.0\"} 3",
                        "finback_allocator_pass_seconds_bucket{le=\"+Inf\"} 4",
                        "finback_allocator_pass_seconds_count 4",
                        "finback_allocator_pass_seconds_sum 3.002150",
                        "finback_allocator_offers_made_total 7");
        assertThat(meter.recentMillis()).containsExactly(0.05, 0.1, 2, 3000);
    }

    @Test
    void onlyTheLastPassesCountForPercentiles() {
        for (int i = 0; i < 3_000; i++) {
            meter.passed(i * 1_000_000L, 1);
        }
        assertThat(meter.passes()).isEqualTo(3_000);
        assertThat(meter.recentMillis()).hasSize(1_024).startsWith(1_976).endsWith(2_999);
    }
}
