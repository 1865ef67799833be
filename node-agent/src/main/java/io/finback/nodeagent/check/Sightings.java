package io.finback.nodeagent.check;

import io.finback.tasks.CheckStatus;
import io.finback.tasks.Probe;
import java.util.Optional;

/** What a general check has seen, as it is told to schedulers: without a verdict. Pure. */
public final class Sightings {
    private Sightings() {}

    /** Before the first look: the kind alone, which Mesos puts into every status of a task with a check. */
    public static CheckStatus none(Probe probe) {
        return new CheckStatus(type(probe), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** What a look saw; one that came to nothing (too late, not started) is the kind alone, as in Mesos. */
    public static CheckStatus of(Probe probe, Outcome outcome) {
        Optional<Integer> exit =
                outcome instanceof Outcome.Exited exited ? Optional.of(exited.status()) : Optional.empty();
        Optional<Integer> status =
                outcome instanceof Outcome.Answered answered ? Optional.of(answered.status()) : Optional.empty();
        Optional<Boolean> connected =
                outcome instanceof Outcome.Connected tried ? Optional.of(tried.accepted()) : Optional.empty();
        return new CheckStatus(type(probe), exit, status, connected);
    }

    private static CheckStatus.Type type(Probe probe) {
        if (probe.command().isPresent()) {
            return CheckStatus.Type.COMMAND;
        }
        return probe.http().isPresent() ? CheckStatus.Type.HTTP : CheckStatus.Type.TCP;
    }
}
