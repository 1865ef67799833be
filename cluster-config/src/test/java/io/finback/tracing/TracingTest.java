package io.finback.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.runtime.StartFailure;
import io.finback.tracing.SpanIds.Sampling;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a collector gets, and what its makers feel of one that is no good. */
class TracingTest {
    private static final SpanIds ROOT =
            new SpanIds(0x0102030405060708L, 0x1112131415161718L, 0x2122232425262728L, 0, Sampling.YES);
    private static final Span SERVER = new Span(
            ROOT,
            Span.Kind.SERVER,
            "GET",
            1_700_000_000_000_001_000L,
            2_500_000,
            "127.0.0.1:4000",
            "",
            Map.of("http.path", "/a"));
    private static final Span CLIENT = new Span(
            new SpanIds(ROOT.traceIdHigh(), ROOT.traceId(), 0x3132333435363738L, ROOT.spanId(), Sampling.YES),
            Span.Kind.CLIENT,
            "GET",
            1_700_000_000_000_101_000L,
            1_000_000,
            "[::1]:80",
            "502",
            Map.of());

    private static Config config(String... lines) {
        return ConfigFactory.parseString(String.join("\n", lines)).withFallback(ConfigFactory.load());
    }

    private static Tracing tracing(String... lines) {
        return Tracing.start(TracingSettings.from(config(lines), "finback-test"));
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(10_000_000);
        }
    }

    @Test
    void otlpCollectorsReadWhatIsSent(@TempDir Path dir) throws Exception {
        Path headers = Files.writeString(dir.resolve("headers"), "# of the collector\nX-Token: s3cret\n");
        try (Collector collector = Collector.answering(() -> 200)) {
            Tracing tracing = tracing(
                    "finback.tracing.exporter = otlp",
                    "finback.tracing.endpoint = \"http://127.0.0.1:" + collector.port() + "/v1/traces\"",
                    "finback.tracing.headers-file = \"" + headers + "\"",
                    "finback.tracing.flush-interval = 20ms");
            tracing.take(SERVER);
            tracing.take(CLIENT);
            Collector.Message message = collector.next();
            assertThat(message.path()).isEqualTo("/v1/traces");
            assertThat(message.headers())
                    .containsEntry("X-Token", "s3cret")
                    .containsEntry("Content-Type", "application/x-protobuf");
            ResourceSpans all =
                    ExportTraceServiceRequest.parseFrom(message.body()).getResourceSpans(0);
            assertThat(texts(all.getResource().getAttributesList())).containsEntry("service.name", "finback-test");
            Map<String, io.opentelemetry.proto.trace.v1.Span> spans = all.getScopeSpansList().stream()
                    .flatMap(scope -> scope.getSpansList().stream())
                    .collect(Collectors.toMap(span -> span.getKind().name(), span -> span));
            var server = spans.get("SPAN_KIND_SERVER");
            var client = spans.get("SPAN_KIND_CLIENT");
            assertThat(hex(server.getTraceId())).isEqualTo("01020304050607081112131415161718");
            assertThat(server.getParentSpanId().isEmpty()).isTrue();
            assertThat(client.getTraceId()).isEqualTo(server.getTraceId());
            assertThat(client.getParentSpanId()).isEqualTo(server.getSpanId());
            assertThat(server.getName()).isEqualTo("GET");
            assertThat(server.getStartTimeUnixNano()).isEqualTo(SERVER.startNanos());
            assertThat(server.getEndTimeUnixNano() - server.getStartTimeUnixNano())
                    .isEqualTo(2_500_000);
            assertThat(texts(server.getAttributesList()))
                    .containsEntry("http.path", "/a")
                    .containsEntry("network.peer.address", "127.0.0.1:4000");
            assertThat(server.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
            assertThat(client.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_ERROR);
            assertThat(client.getStatus().getMessage()).isEqualTo("502");
            await(() -> tracing.counts().sent() == 2);
        }
    }

    private static Map<String, String> texts(List<KeyValue> attributes) {
        return attributes.stream().collect(Collectors.toMap(KeyValue::getKey, value -> value.getValue()
                .getStringValue()));
    }

    private static String hex(ByteString bytes) {
        return java.util.HexFormat.of().formatHex(bytes.toByteArray());
    }

    @Test
    void zipkinReadsWhatIsSent() throws Exception {
        try (Collector collector = Collector.answering(() -> 202)) {
            Tracing tracing = tracing(
                    "finback.tracing.exporter = zipkin",
                    "finback.tracing.endpoint = \"http://127.0.0.1:" + collector.port() + "/api/v2/spans\"",
                    "finback.tracing.service-name = mesh",
                    "finback.tracing.flush-interval = 20ms");
            tracing.take(SERVER);
            tracing.take(CLIENT);
            Collector.Message message = collector.next();
            assertThat(message.path()).isEqualTo("/api/v2/spans");
            JsonNode spans = new ObjectMapper().readTree(message.body());
            assertThat(spans).hasSize(2);
            JsonNode server = spans.get(0);
            assertThat(server.get("traceId").asText()).isEqualTo("01020304050607081112131415161718");
            assertThat(server.has("parentId")).isFalse();
            assertThat(server.get("kind").asText()).isEqualTo("SERVER");
            assertThat(server.get("timestamp").asLong()).isEqualTo(1_700_000_000_000_001L);
            assertThat(server.get("duration").asLong()).isEqualTo(2_500);
            assertThat(server.at("/localEndpoint/serviceName").asText()).isEqualTo("mesh");
            assertThat(server.at("/remoteEndpoint/ipv4").asText()).isEqualTo("127.0.0.1");
            assertThat(server.at("/tags").get("http.path").asText()).isEqualTo("/a");
            JsonNode client = spans.get(1);
            assertThat(client.get("parentId").asText()).isEqualTo("2122232425262728");
            assertThat(client.at("/remoteEndpoint/ipv6").asText()).isEqualTo("::1");
            assertThat(client.at("/remoteEndpoint/port").asInt()).isEqualTo(80);
            assertThat(client.at("/tags/error").asText()).isEqualTo("502");
        }
    }

    @ParameterizedTest
    @CsvSource({"otlp", "zipkin"})
    void aCollectorThatHangsCostsSpansAndNoTime(String exporter) throws Exception {
        try (Collector collector = Collector.hanging()) {
            SpanQueue.Limits limits = new SpanQueue.Limits(100, 10, Duration.ofMillis(1), 1);
            TracingSettings settings = TracingSettings.from(
                    config(
                            "finback.tracing.exporter = " + exporter,
                            "finback.tracing.endpoint = \"http://127.0.0.1:" + collector.port() + "/x\"",
                            "finback.tracing.timeout = 200ms",
                            "finback.tracing.queue-spans = 100",
                            "finback.tracing.batch-spans = 10",
                            "finback.tracing.flush-interval = 1ms",
                            "finback.tracing.retries = 1"),
                    "finback-test");
            assertThat(settings.target().orElseThrow().limits()).isEqualTo(limits);
            Tracing tracing = Tracing.start(settings);
            int many = 50_000;
            long begun = System.nanoTime();
            for (int i = 0; i < many; i++) {
                tracing.take(SERVER);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
            await(() -> tracing.counts().failed() >= 10);
            SpanQueue.Counts counts = tracing.counts();
            assertThat(counts.sent()).isZero();
            assertThat(counts.dropped()).isGreaterThan(many - 1_000);
            assertThat(counts.waiting()).isLessThanOrEqualTo(100);
        }
    }

    @Test
    void sendsAgainWhatMayStillBeTakenAndNotWhatIsRefused() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        try (Collector collector = Collector.answering(() -> switch (calls.incrementAndGet()) {
            case 1 -> 503;
            case 2 -> 202;
            default -> 400;
        })) {
            Tracing tracing = tracing(
                    "finback.tracing.exporter = zipkin",
                    "finback.tracing.endpoint = \"http://127.0.0.1:" + collector.port() + "/x\"",
                    "finback.tracing.flush-interval = 1ms");
            tracing.take(SERVER);
            assertThat(collector.next().body()).isEqualTo(collector.next().body());
            await(() -> tracing.counts().sent() == 1);
            tracing.take(SERVER);
            await(() -> tracing.counts().failed() == 1);
            assertThat(calls.get()).isEqualTo(3);
        }
    }

    @Test
    void isOffUnlessSaidOtherwise() {
        Tracing tracing = tracing();
        assertThat(tracing.isOn()).isFalse();
        tracing.take(SERVER);
        assertThat(tracing.begin(Optional.of(ROOT))).isEmpty();
        assertThat(tracing.counts()).isEqualTo(new SpanQueue.Counts(0, 0, 0, 0));
    }

    @ParameterizedTest
    @CsvSource({"0.0,0,0", "1.0,10000,10000", "0.1,850,1150"})
    void keepsThePartOfTracesThatItIsTold(double rate, int least, int most) {
        Random random = new Random(7);
        Sampler sampler = new Sampler(rate);
        int kept = 0;
        for (int i = 0; i < 10_000; i++) {
            // Counters as ids, and random ones.
            kept += sampler.samples(i % 2 == 0 ? i + 1 : random.nextLong()) ? 1 : 0;
        }
        assertThat(kept).isBetween(least, most);
        assertThat(sampler.decide(ROOT)).isEqualTo(ROOT);
        assertThat(sampler.decide(ROOT.with(Sampling.NO)).isSampled()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "exporter,jaeger,none",
        "sample-rate,1.5,0.0..1.0",
        "queue-spans,3,16",
        "timeout,1h,60 s",
        "endpoint,collector:4318,URL",
        "endpoint,http://user:pw@h/x,URL",
        "headers-file,/nowhere/at/all,read",
    })
    void refusesWhatIsWrongAndNamesIt(String key, String value, String expected) {
        Config config = config("finback.tracing.exporter = otlp", "finback.tracing." + key + " = \"" + value + "\"");
        assertThatThrownBy(() -> Tracing.check(config))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.tracing." + key)
                .hasMessageContaining(expected);
    }

    @Test
    void refusesAnEndpointThatNothingWouldBeSentTo() {
        assertThatThrownBy(() -> Tracing.check(config("finback.tracing.endpoint = \"http://h/x\"")))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.tracing.exporter");
    }
}
