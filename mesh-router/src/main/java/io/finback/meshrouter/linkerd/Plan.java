package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.namers.Changes;
import io.finback.meshrouter.namers.Interpreter;
import io.finback.meshrouter.namers.NameSource;
import io.finback.meshrouter.namers.Streams;
import io.finback.meshrouter.namers.Transformer;
import io.finback.meshrouter.router.Identifier;
import io.finback.meshrouter.router.Policies;
import io.finback.meshrouter.router.RouterSpec;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.TraceSwitch;
import io.finback.meshrouter.traffic.Traces;
import io.finback.names.Address;
import io.finback.names.Dtab;
import io.finback.names.Path;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What a process runs: routers with their servers, name sources, the admin server. Checked; nothing of it has started.
 *
 * @param namers in the order written; the last is asked first
 */
public record Plan(AdminPlan admin, List<NamerPlan> namers, List<RouterPlan> routers, Telemetry telemetry) {
    public Plan {
        namers = List.copyOf(namers);
        routers = List.copyOf(routers);
    }

    /** What sources of names start with. */
    public record Environment(Streams streams, Changes changes) {}

    /** The admin server: {@code grace} is how long stopping waits for what is under way. */
    public record AdminPlan(String ip, int port, Duration grace, int workerThreads, Security security) {}

    /** Which admin paths answer. Source: linkerd/linkerd AdminSecurityConfig. Patterns are regular expressions of whole paths. */
    public record Security(
            boolean ui, boolean control, boolean diagnostics, List<String> whitelist, List<String> blacklist) {
        public static final Security OPEN = new Security(true, true, true, List.of(), List.of());

        public Security {
            whitelist = List.copyOf(whitelist);
            blacklist = List.copyOf(blacklist);
        }
    }

    /** A source of names. */
    public record NamerPlan(String kind, Path prefix, Start start) {
        /** Starts it; throws IllegalArgumentException when it cannot. */
        @FunctionalInterface
        public interface Start {
            NameSource start(Environment environment);
        }
    }

    /** Starts a transformer. */
    @FunctionalInterface
    public interface TransformerPlan {
        Transformer start(Environment environment);

        static List<Transformer> all(List<TransformerPlan> plans, Environment environment) {
            return plans.stream().map(plan -> plan.start(environment)).toList();
        }
    }

    /** Starts an identifier; what it watches is closed with {@code closing}. */
    @FunctionalInterface
    public interface IdentifierPlan {
        Identifier start(Environment environment, Consumer<AutoCloseable> closing);

        static IdentifierPlan of(Identifier identifier) {
            return (environment, closing) -> identifier;
        }
    }

    /** Announces listeners whose names begin with {@code prefix}. */
    public record AnnouncerPlan(Path prefix, Announcing start) {
        /** Announces; what comes back takes that back. */
        @FunctionalInterface
        public interface Announcing {
            /** {@code name}: without the prefix. */
            Supplier<CompletionStage<?>> start(Environment environment, Path name, Address address);
        }
    }

    /** An interpreter. */
    public record InterpreterPlan(String kind, Opening start) {
        /** Starts it on sources, given in the order to ask; throws IllegalArgumentException when it cannot. */
        @FunctionalInterface
        public interface Opening {
            Interpreter start(Environment environment, List<NameSource> sources);
        }
    }

    /**
     * One router.
     *
     * @param where it is in the file, for messages
     */
    public record RouterPlan(
            String where,
            Protocol protocol,
            String label,
            Dtab dtab,
            List<IdentifierPlan> identifiers,
            InterpreterPlan interpreter,
            List<AnnouncerPlan> announcers,
            List<ServerPlan> servers,
            Policies policies,
            Duration bindingTimeout,
            RouterSpec.Limits limits,
            int maxInitialLineBytes,
            int maxHeaderBytes,
            Optional<AccessLogPlan> accessLog) {
        public RouterPlan {
            identifiers = List.copyOf(identifiers);
            announcers = List.copyOf(announcers);
            servers = List.copyOf(servers);
        }
    }

    /**
     * One listener.
     *
     * @param clientIdle how long a connection may have no request
     * @param clientLife how old a connection may get; not for HTTP/1.1
     * @param announce the names it is announced by
     */
    public record ServerPlan(
            String ip,
            int port,
            ServerPolicy policy,
            int maxCallDepth,
            Optional<Duration> clientIdle,
            Optional<Duration> clientLife,
            List<Path> announce) {
        public ServerPlan {
            announce = List.copyOf(announce);
        }

        /** With somebody who is told of spans. */
        public ServerPlan reporting(String label, List<Traces.Reporter> reporters, TraceSwitch toggle) {
            ServerPolicy reported = policy.with(policy.traces().reporting(label, reporters, toggle));
            return new ServerPlan(ip, port, reported, maxCallDepth, clientIdle, clientLife, announce);
        }
    }

    /**
     * An access log.
     *
     * @param roll when a new file is begun: {@code never}, {@code hourly}, {@code daily}, or a size such as {@code 10.megabytes}
     * @param append whether an existing file is kept
     * @param keep how many old files; negative: all
     */
    public record AccessLogPlan(java.nio.file.Path file, String roll, boolean append, int keep) {}

    /**
     * What is shown where.
     *
     * @param prometheusPath where Linkerd's names are in Prometheus' format
     * @param prometheusPrefix before each of them
     * @param recentRequests how many are kept; 0: none
     * @param recentRate of requests that are kept, 0..1
     */
    public record Telemetry(
            String prometheusPath,
            String prometheusPrefix,
            boolean influxdb,
            Optional<Statsd> statsd,
            int recentRequests,
            double recentRate,
            List<SpanTelemeter> spans) {
        public static final Telemetry PLAIN =
                new Telemetry("/admin/metrics/prometheus", "", false, Optional.empty(), 0, 1, List.of());

        public Telemetry {
            spans = List.copyOf(spans);
        }
    }

    /** Takes spans. */
    public sealed interface SpanTelemeter {
        /** Of traces; 0..1. */
        double rate();

        /** {@code io.l5d.zipkin}: a Zipkin collector of old, by framed Thrift. */
        record Scribe(String host, int port, double rate) implements SpanTelemeter {}

        /** {@code io.zipkin.http}: Zipkin's API by HTTP. */
        record ZipkinHttp(URI endpoint, double rate) implements SpanTelemeter {}

        /** {@code io.l5d.tracelog}: the log, at a level of Twitter's. */
        record Log(String level, double rate) implements SpanTelemeter {}
    }

    /** Counters and gauges over UDP. */
    public record Statsd(String prefix, String hostname, int port, Duration every) {}
}
