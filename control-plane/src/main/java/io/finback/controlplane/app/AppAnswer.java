package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.AppChange;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Instance;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;

/** What a request to an app comes to. {@code snapshot} is the app after it, for the view of the master that asked. */
public sealed interface AppAnswer extends WireMessage {
    AppSnapshot snapshot();

    /** Journaled; {@code version} is the time of the deployment. */
    record Changed(AppSnapshot snapshot, String deploymentId, Instant version) implements AppAnswer {}

    /** These instances are being ended. */
    record Killed(AppSnapshot snapshot, List<Instance> instances) implements AppAnswer {
        public Killed {
            instances = List.copyOf(instances);
        }
    }

    record Found(AppSnapshot snapshot, AppVersion version) implements AppAnswer {}

    record Refused(AppSnapshot snapshot, AppChange.Refusal why) implements AppAnswer {}
}
