package io.finback.controlplane.agent;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When an agent that says nothing is no longer offered, and when it is given up for now. Decides by the instants it is handed; whoever
 * owns it acts. Not thread-safe: it belongs to one conversation.
 */
final class Silence {
    private final AgentSettings settings;
    private Instant lastHeard;
    private boolean silent;
    private boolean left;
    private boolean givenUp;
    private Optional<Instant> givingUpSince = Optional.empty();

    Silence(AgentSettings settings, Instant now) {
        this.settings = settings;
        this.lastHeard = now;
    }

    /** The agent has spoken: whether it had been silent before. */
    boolean heard(Instant now) {
        boolean was = silent;
        lastHeard = now;
        silent = false;
        left = false;
        givingUpSince = Optional.empty();
        return was;
    }

    /** A registration is complete: whatever was thought of the agent before is over. */
    void registered() {
        silent = false;
        left = false;
        givenUp = false;
        givingUpSince = Optional.empty();
    }

    /** The agent has said that it stops and that its tasks run on: it is awaited for longer than one that vanishes. */
    void left() {
        silent = true;
        left = true;
    }

    /** Whether it falls silent just now; true once for each silence. */
    boolean begins(Instant now) {
        if (silent || lasted(now).compareTo(settings.silentAfter()) <= 0) {
            return false;
        }
        silent = true;
        return true;
    }

    /** Whether it is time to ask, or to ask again, that the agent be given up. */
    boolean givingUpIsDue(Instant now) {
        boolean due = givingUpSince
                .map(asked -> !asked.plus(settings.repeat()).isAfter(now))
                .orElseGet(() -> !givenUp && lasted(now).compareTo(allowed()) > 0);
        if (due) {
            givingUpSince = Optional.of(now);
        }
        return due;
    }

    boolean isGivingUp() {
        return givingUpSince.isPresent();
    }

    void givenUp() {
        givingUpSince = Optional.empty();
        givenUp = true;
    }

    boolean isSilent() {
        return silent;
    }

    Duration lasted(Instant now) {
        return Duration.between(lastHeard, now);
    }

    private Duration allowed() {
        return left && settings.returnWithin().compareTo(settings.unreachableAfter()) > 0
                ? settings.returnWithin()
                : settings.unreachableAfter();
    }
}
