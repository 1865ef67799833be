package io.finback.meshrouter.boot;

import io.finback.meshrouter.admin.RecentRequests;
import io.finback.meshrouter.linkerd.Plan;
import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.router.AccessLogFile;
import io.finback.meshrouter.traffic.AccessLog;
import io.finback.runtime.StartFailure;
import io.finback.tracing.Tracing;
import java.util.Optional;
import java.util.function.Consumer;

/** Who is told of the requests of a node's routers: spans, the latest requests, and access logs. */
record Watching(SpanReports spans, Optional<RecentRequests> recent) implements AutoCloseable {
    static Watching start(Tracing tracing, Plan.Telemetry telemetry) {
        return new Watching(
                SpanReports.start(tracing, telemetry.spans()),
                telemetry.recentRequests() > 0
                        ? Optional.of(new RecentRequests(telemetry.recentRequests(), telemetry.recentRate()))
                        : Optional.empty());
    }

    /** Of one router; {@code closes} is given what has to be closed once it has stopped. Throws {@link StartFailure}. */
    Optional<AccessLog> accessLog(RouterPlan plan, Consumer<AutoCloseable> closes) {
        Optional<AccessLog> file = plan.accessLog().map(log -> {
            AccessLogFile started = startLog(plan, log);
            closes.accept(started);
            return started;
        });
        if (file.isPresent() && recent.isPresent()) {
            AccessLog both = entry -> {
                file.get().log(entry);
                recent.get().log(entry);
            };
            return Optional.of(both);
        }
        return file.or(() -> recent);
    }

    private static AccessLogFile startLog(RouterPlan plan, Plan.AccessLogPlan log) {
        try {
            return AccessLogFile.start(log.file(), log.roll(), log.append(), log.keep());
        } catch (IllegalArgumentException e) {
            throw new StartFailure("finback.router.linkerd-yaml: " + plan.where() + "." + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        spans.close();
    }
}
