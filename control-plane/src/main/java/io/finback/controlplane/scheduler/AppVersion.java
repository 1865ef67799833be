package io.finback.controlplane.scheduler;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * One version of an app. Its time is its name: unique and strictly increasing per app, in whole milliseconds.
 *
 * @param configAt {@code lastConfigChangeAt}: instances of one value are interchangeable
 */
public record AppVersion(AppDefinition definition, Instant version, Instant scalingAt, Instant configAt) {

    /** The version that follows {@code previous}; a change of the instance count alone keeps its configuration time. */
    static AppVersion following(Optional<AppVersion> previous, AppDefinition definition, Instant now) {
        Instant time = nextTime(previous, now);
        boolean scale =
                previous.map(p -> p.definition().sameConfigAs(definition)).orElse(false);
        if (!scale) {
            return new AppVersion(definition, time, time, time);
        }
        return new AppVersion(definition, time, time, previous.orElseThrow().configAt());
    }

    /** The same definition as a new configuration, so that every instance is replaced. */
    AppVersion restarted(Instant now) {
        Instant time = nextTime(Optional.of(this), now);
        return new AppVersion(definition, time, scalingAt, time);
    }

    AppVersion withDefinition(AppDefinition changed) {
        return new AppVersion(changed, version, scalingAt, configAt);
    }

    private static Instant nextTime(Optional<AppVersion> previous, Instant now) {
        Instant time = now.truncatedTo(ChronoUnit.MILLIS);
        Instant floor = previous.map(p -> p.version().plusMillis(1)).orElse(time);
        return time.isBefore(floor) ? floor : time;
    }
}
