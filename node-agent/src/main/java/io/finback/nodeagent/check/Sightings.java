package io.finback.nodeagent.check;

import io.finback.tasks.CheckStatus;
import io.finback.tasks.Probe;
import java.util.Optional;

/** What a general check has seen, as it is told to schedulers: without a verdict. Pure. */
public final class Sightings {
    private Sightings() {}

    /** What a look saw; one that came to nothing (too late, not started) is the kind alone, as in Mesos. */
    public static CheckStatus of(Probe probe, Outcome outcome) {
        return new CheckStatus(
                CheckStatus.none(probe).type(),
                outcome instanceof Outcome.Exited exited ? Optional.of(exited.status()) : Optional.empty(),
                outcome instanceof Outcome.Answered answered ? Optional.of(answered.status()) : Optional.empty(),
                outcome instanceof Outcome.Connected tried ? Optional.of(tried.accepted()) : Optional.empty());
    }
}
