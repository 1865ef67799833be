package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SchedulerEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal itself says which frameworks have to be woken. */
class FailoverDeadlineTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path data;

    @Test
    void aFrameworkIsRemovedThoughTheMasterWasKilledAndNobodySpeaksOfIt() {
        try (ControlPlaneHarness harness =
                new ControlPlaneHarness(data, Map.of("finback.master.framework-return-grace", "500 ms"))) {
            TestProbe<SchedulerEvent> scheduler = harness.probe(SchedulerEvent.class);
            harness.framework(new SchedulerCall.Subscribe(
                    new FrameworkInfo("test", "", List.of("*"), Duration.ZERO),
                    Set.of(),
                    OfferConstraints.NONE,
                    Optional.of("stream"),
                    scheduler.ref()));
            scheduler.expectMessageClass(SchedulerEvent.Subscribed.class, PATIENCE);
            harness.restart();
            FrameworkDelta last = harness.frameworkViews()
                    .fishForMessage(
                            PATIENCE,
                            delta ->
                                    delta.tornDown() ? FishingOutcomes.complete() : FishingOutcomes.continueAndIgnore())
                    .get(0);
            assertThat(last.framework()).isEqualTo(ControlPlaneHarness.FRAMEWORK);
            assertThat(last.removedAt()).isPresent();
        }
    }
}
