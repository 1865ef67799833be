package io.finback.controlplane.boot;

import com.typesafe.config.Config;
import io.finback.controlplane.job.JobSettings;
import io.finback.controlplane.schedule.JobLimits;
import io.finback.settings.SettingsReader;
import java.time.Duration;
import java.util.OptionalInt;

/** Reads {@code finback.jobs}. A wrong value is a {@link io.finback.runtime.StartFailure} that names its key. */
final class JobsConfig {
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofDays(365);
    private static final long MIN_BODY = 1024;
    private static final long MAX_BODY = 64L * 1024 * 1024;
    private static final int MAX_WAITING = 500;

    private JobsConfig() {}

    static JobSettings from(Config config) {
        SettingsReader jobs = SettingsReader.of(config, "finback.jobs");
        int failures = jobs.intIn("disable-after-failures", 0, 1_000_000);
        JobLimits limits = new JobLimits(
                jobs.duration("epsilon", Duration.ofSeconds(1), LONGEST),
                jobs.duration("retry-delay", SHORTEST, LONGEST),
                jobs.intIn("catch-up", 1, MAX_WAITING),
                jobs.intIn("max-queued", 1, MAX_WAITING),
                failures == 0 ? OptionalInt.empty() : OptionalInt.of(failures));
        return JobSettings.of(
                limits,
                jobs.duration("repeat", SHORTEST, Duration.ofHours(1)),
                jobs.duration("refuse", SHORTEST, Duration.ofHours(1)),
                jobs.duration("ask-timeout", SHORTEST, Duration.ofHours(1)),
                jobs.bytes("max-body", MIN_BODY, MAX_BODY),
                jobs.text("user"));
    }
}
