package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawBackend.Request;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.finback.meshrouter.rpc.thrift.Thrift;
import io.finback.tracing.SpanCollector;
import io.finback.tracing.SpanCollector.Got;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** What collectors are told of calls through routers, and what instances are told of the trace they are part of. */
@Timeout(120)
class TracesTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String SPAN = "b7ad6b7169203331";

    @TempDir
    Path directory;

    private int files;

    private static Map<String, Object> zipkin(SpanCollector collector, double rate, String service) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("finback.tracing.exporter", "zipkin");
        settings.put("finback.tracing.endpoint", collector.url());
        settings.put("finback.tracing.sample-rate", rate);
        settings.put("finback.tracing.service-name", service);
        settings.put("finback.tracing.flush-interval", "10ms");
        return settings;
    }

    private static TestRouter router(RawBackend to, Map<String, Object> settings) {
        return new TestRouter("/svc/web => /$/inet/127.0.0.1/" + to.port(), settings);
    }

    private TestRouter linkerd(String... lines) throws IOException {
        return TestRouter.linkerd(directory.resolve("l" + files++ + ".yaml"), String.join("\n", lines));
    }

    private static int get(int port, String target, String... headers) throws IOException {
        StringBuilder request = new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: web\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return RawClient.once(port, request + "Connection: close\r\n\r\n").status();
    }

    private static void isPartOf(Got child, Got parent) {
        assertThat(child.trace()).isEqualTo(parent.trace());
        assertThat(child.parent()).isEqualTo(parent.id());
    }

    @Test
    void twoRoutersInARowJoinTheTraceOfTheirCaller() throws IOException {
        try (SpanCollector collector = SpanCollector.start();
                RawBackend web = RawBackend.answering("web");
                TestRouter second = linkerd(
                        "admin: {port: 0}",
                        "telemetry: [{kind: io.zipkin.http, host: \"127.0.0.1:" + collector.port() + "\"}]",
                        "routers:",
                        "- protocol: http",
                        "  label: out",
                        "  dtab: /svc/web => /$/inet/127.0.0.1/" + web.port(),
                        "  servers: [{port: 0}]");
                TestRouter first = new TestRouter(
                        "/svc/web => /$/inet/127.0.0.1/" + second.port(), zipkin(collector, 0, "mesh"))) {
            assertThat(get(
                            first.port(),
                            "/a/b?secret=1",
                            "traceparent: 00-" + TRACE + "-" + SPAN + "-01",
                            "tracestate: other=1"))
                    .isEqualTo(200);
            collector.await(4);
            Got in = collector.the("SERVER", "mesh");
            Got out = collector.the("CLIENT", "mesh");
            Got next = collector.the("SERVER", "linkerd");
            Got last = collector.the("CLIENT", "linkerd");
            assertThat(in.trace()).isEqualTo(TRACE);
            assertThat(in.parent()).isEqualTo(SPAN);
            isPartOf(out, in);
            isPartOf(next, out);
            isPartOf(last, next);
            assertThat(in.text("name")).isEqualTo("GET");
            assertThat(in.tag("http.method")).isEqualTo("GET");
            assertThat(in.tag("http.path")).isEqualTo("/a/b");
            assertThat(in.tag("http.rsp.status")).isEqualTo("200");
            assertThat(in.tag("http.req.host")).isEqualTo("web");
            assertThat(in.tag("service")).isEqualTo("/svc/web");
            assertThat(in.tag("client")).isEqualTo("/$/inet/127.0.0.1/" + second.port());
            assertThat(next.tag("router.label")).isEqualTo("out");
            assertThat(last.json().at("/remoteEndpoint/port").asInt()).isEqualTo(web.port());
            assertThat(collector.spans().toString()).doesNotContain("secret");
            // The instance is told of the span it was called by, in every form that was there on the way.
            Request asked = web.requests.get(0);
            assertThat(asked.header("traceparent")).isEqualTo("00-" + TRACE + "-" + last.id() + "-01");
            assertThat(asked.header("tracestate")).isEqualTo("other=1");
            ByteBuffer l5d = ByteBuffer.wrap(Base64.getDecoder().decode(asked.header("l5d-ctx-trace")));
            assertThat(Long.toHexString(l5d.getLong(0))).isEqualTo(last.id().replaceFirst("^0+", ""));
            assertThat(l5d.capacity()).isEqualTo(40);
        }
    }

    @Test
    void areSwitchedOffAndOnAgainWhileItRuns() throws IOException {
        try (SpanCollector collector = SpanCollector.start();
                RawBackend web = RawBackend.answering("web");
                TestRouter router = linkerd(
                        "admin: {port: 0}",
                        "telemetry:",
                        "- kind: io.zipkin.http",
                        "  host: \"127.0.0.1:" + collector.port() + "\"",
                        "  initialSampleRate: 1.0",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc/web => /$/inet/127.0.0.1/" + web.port(),
                        "  servers: [{port: 0}]")) {
            assertThat(router.admin("/admin/tracing")).isEqualTo("tracing is enabled\n");
            assertThat(router.admin("/admin/tracing?enable=false")).isEqualTo("tracing is disabled\n");
            assertThat(get(router.port(), "/off")).isEqualTo(200);
            assertThat(web.requests.get(0).header("traceparent")).isEmpty();
            assertThat(router.admin("/admin/tracing?disable=false")).isEqualTo("tracing is enabled\n");
            assertThat(get(router.port(), "/on")).isEqualTo(200);
            collector.await(2);
            assertThat(collector.spans())
                    .allMatch(span -> !span.json().toString().contains("/off"));
            assertThat(web.requests.get(1).header("traceparent")).isNotEmpty();
            assertThat(router.admin("/admin/tracing?enable=1")).isEqualTo("enable: '1' (expected: true or false)\n");
            assertThat(router.admin("/admin/tracing?enable=true&disable=true"))
                    .isEqualTo("enable and disable together (expected: one of them)\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "b3,80f198ee56343ba8-05e3ac9a4f6e3b90-1,80f198ee56343ba8",
        "x-b3,80f198ee56343ba864fe8b2a57d3eff7,80f198ee56343ba864fe8b2a57d3eff7",
        "l5d,,0000000000001234"
    })
    void joinsWhateverFormTheCallerSpeaks(String form, String value, String trace) throws IOException {
        String l5d = Base64.getEncoder()
                .encodeToString(ByteBuffer.allocate(32)
                        .putLong(0x05e3ac9a4f6e3b90L)
                        .putLong(0x77)
                        .putLong(0x1234)
                        .putLong(6)
                        .array());
        String[] headers =
                switch (form) {
                    case "b3" -> new String[] {"b3: " + value};
                    case "x-b3" ->
                        new String[] {"X-B3-TraceId: " + value, "X-B3-SpanId: 05e3ac9a4f6e3b90", "X-B3-Sampled: 1"};
                    default -> new String[] {"l5d-ctx-trace: " + l5d};
                };
        try (SpanCollector collector = SpanCollector.start();
                RawBackend web = RawBackend.answering("web");
                TestRouter router = router(web, zipkin(collector, 0, "mesh"))) {
            assertThat(get(router.port(), "/", headers)).isEqualTo(200);
            collector.await(2);
            Got in = collector.the("SERVER", "mesh");
            Got out = collector.the("CLIENT", "mesh");
            assertThat(in.trace()).isEqualTo(trace);
            assertThat(in.parent()).isEqualTo("05e3ac9a4f6e3b90");
            isPartOf(out, in);
            Request asked = web.requests.get(0);
            assertThat(asked.header("traceparent")).endsWith(out.id() + "-01");
            switch (form) {
                case "b3" -> assertThat(asked.header("b3")).isEqualTo(trace + "-" + out.id() + "-1-" + in.id());
                case "x-b3" -> {
                    assertThat(asked.header("x-b3-traceid")).isEqualTo(trace);
                    assertThat(asked.header("x-b3-spanid")).isEqualTo(out.id());
                    assertThat(asked.header("x-b3-parentspanid")).isEqualTo(in.id());
                    assertThat(asked.header("x-b3-sampled")).isEqualTo("1");
                }
                default -> assertThat(asked.header("l5d-reqid")).isEqualTo(trace);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0.0,0,0", "0.3,20,120", "1.0,200,200"})
    void keepsThePartThatIsSaid(double rate, int least, int most) throws IOException {
        try (SpanCollector collector = SpanCollector.start();
                RawBackend web = RawBackend.answering("web");
                TestRouter router = router(web, zipkin(collector, rate, "mesh"))) {
            for (int i = 0; i < 200; i++) {
                assertThat(get(router.port(), "/")).isEqualTo(200);
            }
            // This one is kept, whatever the rate, and what came before it has been sent by then.
            assertThat(get(router.port(), "/last", "traceparent: 00-" + TRACE + "-" + SPAN + "-01"))
                    .isEqualTo(200);
            TestRouter.await("the last", () -> collector.spans().stream()
                    .anyMatch(s -> s.trace().equals(TRACE)));
            long kept = collector.spans().stream()
                    .filter(s -> s.kind().equals("SERVER") && !s.trace().equals(TRACE))
                    .count();
            assertThat(kept).isBetween((long) least, (long) most);
            long told = web.requests.stream()
                    .filter(r -> r.header("traceparent").endsWith("-01"))
                    .count();
            assertThat(told).isEqualTo(kept + 1);
            // Whose trace is not kept is not asked again.
            assertThat(get(router.port(), "/no", "traceparent: 00-" + TRACE + "-" + SPAN + "-00"))
                    .isEqualTo(200);
            assertThat(web.requests.get(201).header("traceparent"))
                    .startsWith("00-" + TRACE)
                    .endsWith("-00");
        }
    }

    @Test
    void everyAttemptIsASpanOfItsOwn() throws IOException {
        try (SpanCollector collector = SpanCollector.start();
                RawBackend bad = new RawBackend((request, in, out, socket) -> false);
                RawBackend web = RawBackend.answering("web");
                TestRouter router = new TestRouter(
                        "/svc/web => /$/inet/127.0.0.1/" + bad.port() + " & /$/inet/127.0.0.1/" + web.port(),
                        zipkin(collector, 1, "mesh"))) {
            for (int i = 0; i < 50; i++) {
                int status = get(router.port(), "/" + i);
                assertThat(status).isIn(200, 502);
            }
            TestRouter.await("a failed one", () -> collector.spans().stream()
                    .anyMatch(s -> s.kind().equals("SERVER") && !s.tag("error").isEmpty()));
            Got failed = collector.spans().stream()
                    .filter(s -> s.kind().equals("SERVER") && !s.tag("error").isEmpty())
                    .findFirst()
                    .orElseThrow();
            assertThat(failed.tag("http.status_code")).isEqualTo("502");
            TestRouter.await(
                    "its attempts",
                    () -> collector.spans().stream()
                                    .filter(s -> s.parent().equals(failed.id()))
                                    .count()
                            == Integer.parseInt("0" + failed.tag("retries")) + 1);
            assertThat(collector.spans().stream().filter(s -> s.parent().equals(failed.id())))
                    .allSatisfy(attempt -> assertThat(attempt.tag("error")).isEqualTo("no answer"));
        }
    }

    @Test
    void aCollectorThatHangsSlowsNobodyAndIsCounted() throws IOException {
        try (SpanCollector collector = SpanCollector.hanging();
                RawBackend web = RawBackend.answering("web")) {
            Map<String, Object> settings = zipkin(collector, 1, "mesh");
            settings.put("finback.tracing.queue-spans", 16);
            settings.put("finback.tracing.batch-spans", 1);
            settings.put("finback.tracing.timeout", "60 s");
            try (TestRouter router = router(web, settings)) {
                long begun = System.nanoTime();
                for (int i = 0; i < 100; i++) {
                    assertThat(get(router.port(), "/")).isEqualTo(200);
                }
                assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
                String metrics = router.admin("/metrics");
                assertThat(metrics).contains("finback_traces_sent_total 0").contains("finback_traces_waiting 16");
                assertThat(metrics).containsPattern("finback_traces_dropped_total 18[0-9]");
            }
        }
    }

    @Test
    void gRpcAndOtherHttp2IsTracedTheSame() throws Exception {
        BlockingQueue<H2Message> asked = new LinkedBlockingQueue<>();
        try (SpanCollector collector = SpanCollector.start();
                Listening web = H2.server().serve("127.0.0.1:0", (request, context) -> {
                    asked.add(request);
                    return Reply.of(H2Message.response(200, Body.of("web".getBytes(UTF_8))));
                });
                TestRouter router = linkerd(
                        "admin: {port: 0}",
                        "telemetry: [{kind: io.zipkin.http, host: \"127.0.0.1:" + collector.port() + "\"}]",
                        "routers:",
                        "- protocol: h2",
                        "  tracePropagator: {kind: io.l5d.zipkin}",
                        "  dtab: /svc/web => /$/inet/127.0.0.1/" + web.port(),
                        "  servers: [{port: 0}]")) {
            H2Message request = H2Message.request("POST", "web", "/pkg.Echo/Say?x", Body.EMPTY);
            // Finagle's ids, which this client writes as X-B3-*, of a span of its own.
            Context caller = Context.EMPTY.withTrace(new TraceId(
                    0x0af7651916cd43ddL, 0x8448eb211c80319cL, 1, 2, TraceId.SAMPLING_KNOWN | TraceId.SAMPLED));
            var client = H2.client().newService("127.0.0.1:" + router.port(), "h2");
            H2Message answer = client.call(request, caller).get(Duration.ofSeconds(20));
            assertThat(Body.whole(answer.body(), 100)
                            .get(Duration.ofSeconds(20))
                            .data()
                            .array())
                    .isEqualTo("web".getBytes(UTF_8));
            collector.await(2);
            Got in = collector.the("SERVER", "linkerd");
            Got out = collector.the("CLIENT", "linkerd");
            assertThat(in.trace()).isEqualTo(TRACE);
            assertThat(in.parent()).isNotEmpty();
            assertThat(in.tag("http.path")).isEqualTo("/pkg.Echo/Say");
            assertThat(in.tag("http.rsp.status")).isEqualTo("200");
            isPartOf(out, in);
            H2Message got = asked.poll(20, TimeUnit.SECONDS);
            assertThat(got.headers().get("x-b3-spanid")).hasToString(out.id());
            assertThat(got.headers().get("x-b3-parentspanid")).hasToString(in.id());
            assertThat(got.headers().contains("l5d-ctx-trace")).isFalse();
            var closed = client.close(Duration.ZERO);
            closed.toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
    }

    /** A span as libthrift reads it: field ids with their values, annotations as the values of their fields. */
    private record Read(Map<Short, Object> fields, Map<String, Long> annotations, Map<String, String> tags) {}

    @Test
    void thriftCallsReachAZipkinOfOldOverScribe() throws Exception {
        List<Read> logged = new java.util.concurrent.CopyOnWriteArrayList<>();
        try (Listening scribe =
                        Thrift.server().serve("127.0.0.1:0", (request, context) -> Reply.of(log(request, logged)));
                Listening web = Thrift.server().serve("127.0.0.1:0", (request, context) -> Reply.of(reply("ping")));
                TestRouter router = linkerd(
                        "admin: {port: 0}",
                        "telemetry: [{kind: io.l5d.zipkin, host: 127.0.0.1, port: " + scribe.port()
                                + ", sampleRate: 1.0}]",
                        "routers:",
                        "- protocol: thrift",
                        "  thriftMethodInDst: true",
                        "  dtab: /svc => /$/inet/127.0.0.1/" + web.port(),
                        "  servers: [{port: 0}]")) {
            var client = Thrift.client().newService("127.0.0.1:" + router.port(), "c");
            client.call(call("ping"), Context.EMPTY).get(Duration.ofSeconds(20));
            TestRouter.await("two spans", () -> logged.size() == 2);
            Read server = logged.stream()
                    .filter(span -> span.annotations().containsKey("sr"))
                    .findFirst()
                    .orElseThrow();
            Read sent = logged.stream()
                    .filter(span -> span.annotations().containsKey("cs"))
                    .findFirst()
                    .orElseThrow();
            assertThat(server.annotations()).containsOnlyKeys("sr", "ss");
            assertThat(sent.annotations()).containsOnlyKeys("cs", "cr");
            assertThat(server.fields().get((short) 3)).isEqualTo("ping");
            assertThat(sent.fields().get((short) 1)).isEqualTo(server.fields().get((short) 1));
            assertThat(sent.fields().get((short) 5)).isEqualTo(server.fields().get((short) 4));
            assertThat(server.tags()).containsEntry("router.label", "thrift").containsKey("client");
            var closed = client.close(Duration.ZERO);
            closed.toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
    }

    private static byte[] call(String method) throws Exception {
        return message(method, (byte) 1);
    }

    private static byte[] reply(String method) {
        try {
            return message(method, (byte) 2);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] message(String method, byte kind) throws Exception {
        TMemoryBuffer buffer = new TMemoryBuffer(64);
        TProtocol out = new TBinaryProtocol(buffer);
        out.writeMessageBegin(new TMessage(method, kind, 1));
        out.writeFieldStop();
        out.writeMessageEnd();
        return java.util.Arrays.copyOf(buffer.getArray(), buffer.length());
    }

    private static byte[] log(byte[] request, List<Read> logged) {
        try {
            TProtocol in = new TBinaryProtocol(new TMemoryInputTransport(request));
            TMessage head = in.readMessageBegin();
            assertThat(head.name).isEqualTo("Log");
            assertThat(in.readFieldBegin().id).isEqualTo((short) 1);
            int entries = in.readListBegin().size;
            for (int i = 0; i < entries; i++) {
                Map<Short, Object> entry = struct(in);
                assertThat(entry.get((short) 1)).isEqualTo("zipkin");
                byte[] span =
                        Base64.getMimeDecoder().decode(entry.get((short) 2).toString());
                logged.add(span(struct(new TBinaryProtocol(new TMemoryInputTransport(span)))));
            }
            TMemoryBuffer buffer = new TMemoryBuffer(64);
            TProtocol out = new TBinaryProtocol(buffer);
            out.writeMessageBegin(new TMessage("Log", (byte) 2, head.seqid));
            out.writeFieldBegin(new TField("success", TType.I32, (short) 0));
            out.writeI32(0);
            out.writeFieldStop();
            return java.util.Arrays.copyOf(buffer.getArray(), buffer.length());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static Read span(Map<Short, Object> fields) {
        Map<String, Long> annotations = new HashMap<>();
        ((List<Map<Short, Object>>) fields.get((short) 6))
                .forEach(a -> annotations.put((String) a.get((short) 2), (Long) a.get((short) 1)));
        Map<String, String> tags = new HashMap<>();
        ((List<Map<Short, Object>>) fields.get((short) 8))
                .forEach(a -> tags.put((String) a.get((short) 1), (String) a.get((short) 2)));
        return new Read(fields, annotations, tags);
    }

    private static Map<Short, Object> struct(TProtocol in) throws Exception {
        Map<Short, Object> fields = new HashMap<>();
        in.readStructBegin();
        for (TField field = in.readFieldBegin(); field.type != TType.STOP; field = in.readFieldBegin()) {
            switch (field.type) {
                case TType.STRING -> fields.put(field.id, in.readString());
                case TType.I64 -> fields.put(field.id, in.readI64());
                case TType.LIST -> {
                    int size = in.readListBegin().size;
                    List<Object> all = new ArrayList<>();
                    for (int i = 0; i < size; i++) {
                        all.add(struct(in));
                    }
                    fields.put(field.id, all);
                }
                default -> TProtocolUtil.skip(in, field.type);
            }
        }
        return fields;
    }

    @Test
    void writesSpansIntoTheLog() throws IOException {
        Logger log = (Logger) LoggerFactory.getLogger("io.l5d.tracelog");
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        log.addAppender(lines);
        try (RawBackend web = RawBackend.answering("web");
                TestRouter router = linkerd(
                        "admin: {port: 0}",
                        "telemetry: [{kind: io.l5d.tracelog, sampleRate: 1.0, level: WARNING}]",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc/web => /$/inet/127.0.0.1/" + web.port(),
                        "  servers: [{port: 0}]")) {
            assertThat(get(router.port(), "/a%20\"b")).isEqualTo(200);
            TestRouter.await("two lines", () -> lines.list.size() == 2);
            assertThat(lines.list.toString())
                    .contains("kind=SERVER name=GET")
                    .contains("kind=CLIENT name=GET")
                    .contains("http.path=\"/a%20\\\"b\"");
            // Writing them down decides nothing for those that are called.
            ByteBuffer l5d = ByteBuffer.wrap(
                    Base64.getDecoder().decode(web.requests.get(0).header("l5d-ctx-trace")));
            assertThat(l5d.getLong(24)).isZero();
            assertThat(web.requests.get(0).header("traceparent")).isEmpty();
        } finally {
            log.detachAppender(lines);
        }
    }
}
