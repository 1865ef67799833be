package io.finback.controlplane.app;

import java.util.Optional;

/**
 * What one look at an instance came to.
 *
 * @param good empty: it says nothing (an answer to be ignored, or too many looks at once)
 * @param answer of a readiness check, where it answered
 */
public record ProbeResult(Optional<Boolean> good, String cause, Optional<HealthReport.Answer> answer) {
    public static ProbeResult of(boolean good, String cause) {
        return new ProbeResult(Optional.of(good), cause, Optional.empty());
    }

    public static final ProbeResult NOTHING = new ProbeResult(Optional.empty(), "", Optional.empty());
}
