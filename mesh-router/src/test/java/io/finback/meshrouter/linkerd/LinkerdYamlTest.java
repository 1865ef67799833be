package io.finback.meshrouter.linkerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.GrpcClassifier;
import io.finback.meshrouter.resilience.ResponseClassifier;
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.ServicePolicy;
import io.finback.meshrouter.traffic.StreamRetries;
import io.finback.meshrouter.traffic.Usual;
import io.finback.meshrouter.traffic.WirePolicy;
import io.finback.names.Path;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a linkerd.yaml means, and how it is refused. */
class LinkerdYamlTest {
    @TempDir
    java.nio.file.Path directory;

    private static RouterPlan router(String yaml) {
        return LinkerdYaml.read(yaml, Usual.WIRE).routers().get(0);
    }

    @Test
    void readsTheWorkedExample() throws IOException {
        java.nio.file.Path disco = Files.createDirectory(directory.resolve("disco"));
        Plan plan = LinkerdYaml.read(
                String.join(
                        "\n",
                        "admin: {port: 9990}",
                        "namers: [{kind: io.l5d.fs, rootDir: " + disco + "}]",
                        "routers:",
                        "- protocol: http",
                        "  label: out",
                        "  dtab: |",
                        "    /svc => /#/io.l5d.fs ;",
                        "  service: {responseClassifier: {kind: io.l5d.http.retryableRead5XX},"
                                + " retries: {budget: {percentCanRetry: 0.2}}, totalTimeoutMs: 2000}",
                        "  client: {loadBalancer: {kind: ewma}, failureAccrual: {kind: io.l5d.successRateWindowed,"
                                + " successRate: 0.9, window: 20}}",
                        "  servers: [{port: 4140, ip: 0.0.0.0}]"),
                Usual.WIRE);
        RouterPlan out = plan.routers().get(0);
        assertThat(plan.admin().port()).isEqualTo(9990);
        assertThat(plan.namers()).extracting(Plan.NamerPlan::prefix).containsExactly(Path.parse("/#/io.l5d.fs"));
        assertThat(out.label()).isEqualTo("out");
        assertThat(out.dtab().show()).isEqualTo("/svc => /#/io.l5d.fs");
        assertThat(out.servers()).hasSize(1);
        assertThat(out.servers().get(0).ip()).isEqualTo("0.0.0.0");
        ServicePolicy service = out.policies().service(Path.parse("/svc/web"));
        assertThat(service.classifier()).isEqualTo(ResponseClassifier.RETRYABLE_READ_5XX);
        assertThat(service.totalTimeout()).contains(Duration.ofSeconds(2));
        assertThat(out.policies()
                        .client(Path.parse("/#/io.l5d.fs/web"))
                        .balancer()
                        .kind())
                .isEqualTo(Balancer.Kind.EWMA);
    }

    @Test
    void hasLinkerdsDefaults() {
        RouterPlan http = router("routers: [{protocol: http}]");
        assertThat(http.label()).isEqualTo("http");
        assertThat(http.servers().get(0).port()).isEqualTo(4140);
        assertThat(http.servers().get(0).ip()).isEqualTo("127.0.0.1");
        assertThat(http.servers().get(0).maxCallDepth()).isEqualTo(1000);
        assertThat(http.bindingTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(http.maxHeaderBytes()).isEqualTo(8192);
        assertThat(http.maxInitialLineBytes()).isEqualTo(4096);
        ClientPolicy client = http.policies().client(Path.parse("/#/x/y"));
        assertThat(client.failFast()).isFalse();
        assertThat(client.attemptTimeout()).isEmpty();
        assertThat(client.balancer().kind()).isEqualTo(Balancer.Kind.P2C);
        assertThat(http.policies().service(Path.parse("/svc/a")).classifier())
                .isEqualTo(ResponseClassifier.NON_RETRYABLE_5XX);
    }

    @Test
    void appliesEveryMatchingEntryInOrder() {
        RouterPlan http = router("""
                routers:
                - protocol: http
                  client:
                    kind: io.l5d.static
                    configs:
                    - prefix: /
                      failFast: true
                      requestAttemptTimeoutMs: 100
                    - prefix: /#/io.l5d.fs/{service}
                      requestAttemptTimeoutMs: 200
                    - prefix: /#/io.l5d.fs/web
                      loadBalancer: {kind: roundRobin}
                      hostConnectionPool: {maxSize: 3, maxWaiters: 4, idleTimeMs: 50}
                  service:
                    kind: io.l5d.static
                    configs:
                    - prefix: /svc/slow
                      totalTimeoutMs: 60000
                      retries: {backoff: {kind: jittered, minMs: 5, maxMs: 50}}
                """);
        ClientPolicy web = http.policies().client(Path.parse("/#/io.l5d.fs/web"));
        assertThat(web.failFast()).isTrue();
        assertThat(web.attemptTimeout()).contains(Duration.ofMillis(200));
        assertThat(web.balancer().kind()).isEqualTo(Balancer.Kind.ROUND_ROBIN);
        assertThat(web.pool().maxConnections()).isEqualTo(3);
        ClientPolicy other = http.policies().client(Path.parse("/$/inet/1.2.3.4/80"));
        assertThat(other.failFast()).isTrue();
        assertThat(other.attemptTimeout()).contains(Duration.ofMillis(100));
        assertThat(other.balancer().kind()).isEqualTo(Balancer.Kind.P2C);
        assertThat(http.policies().service(Path.parse("/svc/slow/x")).totalTimeout())
                .contains(Duration.ofMinutes(1));
        assertThat(http.policies().service(Path.parse("/svc/slow/x")).backoff())
                .isInstanceOf(Backoff.DecorrelatedJittered.class);
        assertThat(http.policies().service(Path.parse("/svc/fast")).totalTimeout())
                .isEmpty();
    }

    @Test
    void readsWhatTheOtherProtocolsHave() {
        RouterPlan h2 = router("""
                routers:
                - protocol: h2
                  identifier: {kind: io.l5d.header.path, segments: 2}
                  servers:
                  - windowUpdateRatio: 0.5
                    initialStreamWindowBytes: 100000
                    maxConcurrentStreamsPerConnection: 7
                    maxFrameBytes: 20000
                    headerTableBytes: 0
                    maxHeaderListByts: 9000
                  client: {initialStreamWindowBytes: 5}
                  service:
                    classificationTimeoutMs: 50
                    retryBufferSize: {requestBytes: 1, responseBytes: 2}
                    responseClassifier: {kind: io.l5d.h2.grpc.compliant, successStatusCodes: [0, 5]}
                """);
        assertThat(h2.protocol()).isEqualTo(Protocol.H2);
        assertThat(h2.servers().get(0).port()).isEqualTo(4142);
        assertThat(h2.servers().get(0).policy().wire())
                .isEqualTo(new WirePolicy(0.5, 100_000, 7, 20_000, 0, 9_000, true, true));
        assertThat(h2.policies().client(Path.parse("/x")).wire().streamWindowBytes())
                .isEqualTo(5);
        ServicePolicy service = h2.policies().service(Path.parse("/svc/x"));
        assertThat(service.streams()).isEqualTo(new StreamRetries(1, 2, Duration.ofMillis(50)));
        assertThat(service.grpc()).contains(new GrpcClassifier(Set.of(14), false, true, Set.of(0, 5)));
        RouterPlan thrift = router("""
                routers:
                - protocol: thrift
                  thriftMethodInDst: true
                  servers: [{thriftProtocol: compact, thriftFramed: false, attemptTTwitterUpgrade: false}]
                  client: {attemptTTwitterUpgrade: true}
                """);
        assertThat(thrift.servers().get(0).port()).isEqualTo(4114);
        assertThat(thrift.servers().get(0).policy().wire().ttwitterUpgrade()).isFalse();
        assertThat(thrift.policies().client(Path.parse("/x")).wire().ttwitterUpgrade())
                .isTrue();
        assertThat(router("routers: [{protocol: mux, experimental: true}]")
                        .servers()
                        .get(0)
                        .port())
                .isEqualTo(4141);
        assertThat(router("routers: [{protocol: thriftmux, experimental: true}]")
                        .servers()
                        .get(0)
                        .port())
                .isEqualTo(4144);
    }

    @Test
    void readsJson() {
        assertThat(router("{\"routers\": [{\"protocol\": \"http\", \"dtab\": \"/svc=>!\"}]}")
                        .dtab()
                        .show())
                .isEqualTo("/svc => !");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiterString = "->>",
            value = {
                "routers: [] ->> line 1: routers: is empty",
                "admin: {port: 1} ->> routers: is empty",
                "nonsense ->> line 1: the file is not a mapping",
                "routers: [{protocol: http, dtabz: x}] ->> unknown key 'dtabz' in routers[0] (known here: ",
                "routers: [{protocol: http}];routerz: 1 ->> line 2: unknown key 'routerz' (known here: admin, namers",
                "routers: [{}] ->> routers[0].protocol: is missing",
                "routers: [{protocol: mux}] ->> line 1: routers[0].protocol: mux is experimental in Linkerd",
                "routers: [{protocol: thriftmux}] ->> (expected: experimental: true beside it)",
                "routers: [{protocol: h2, httpAccessLog: x}] ->> unknown key 'httpAccessLog' in routers[0]",
                "routers: [{protocol: h2, thriftMethodInDst: true}] ->> unknown key 'thriftMethodInDst'",
                "routers: [{protocol: http, h2AccessLog: x}] ->> unknown key 'h2AccessLog'",
                "routers: [{protocol: thrift, identifier: {kind: io.l5d.path}}] ->> unknown key 'identifier'",
                "routers: [{protocol: h2, servers: [{windowUpdateRatio: 1}]}] ->> windowUpdateRatio: 1.0 (expected: > 0 and < 1)",
                "routers:;- protocol: h2;  servers:;  - maxFrameBytes: 5 ->> line 4: routers[0].servers[0].maxFrameBytes: '5' (expected: a whole number, 16384..16777215)",
                "routers: [{protocol: http, servers: [{maxFrameBytes: 16384}]}] ->> unknown key 'maxFrameBytes'",
                "routers: [{protocol: h2, service: {responseClassifier: {kind: io.l5d.http.allSuccessful}}}] ->> (expected: one of [io.l5d.h2.nonRetryable5XX",
                "routers: [{protocol: http, service: {responseClassifier: {kind: io.l5d.h2.grpc.default}}}] ->> (expected: one of [io.l5d.http",
                "routers: [{protocol: h2, service: {responseClassifier: {kind: io.l5d.h2.grpc.default, successStatusCodes: [17]}}}] ->> successStatusCodes: '17' (expected: gRPC statuses, 0..16)",
                "routers: [{protocol: thrift, client: {thriftProtocol: json}}] ->> thriftProtocol: 'json' (expected: binary or compact)",
                "routers: [{protocol: h2, identifier: {kind: io.l5d.methodAndHost}}] ->> 'io.l5d.methodAndHost' is not supported",
                "routers: [{protocol: smtp}] ->> 'smtp' (expected: http, h2, thrift, mux or thriftmux)",
                "routers: [{protocol: http, dtab: '/svc =>'}] ->> line 1: routers[0].dtab: expected '(', a path",
                "routers: [{protocol: http}, {protocol: http}] ->> two routers are labelled 'http'",
                "routers: [{protocol: http}, {protocol: http, label: b}] ->> port 4140 of router 'b' is also that of router 'http'",
                "admin: {port: 4140};routers: [{protocol: http}] ->> port 4140 of router 'http' is also that of admin",
                "routers:;- protocol: http;  servers:;  - port: 99999 ->> line 4: routers[0].servers[0].port: '99999' (expected: a whole number, 0..65535)",
                "routers:;- protocol: http;  protocol: http ->> line 3: routers[0].protocol is there twice",
                "routers: [{protocol: http, client: {loadBalancer: {kind: best}}}] ->> client.loadBalancer.kind: 'best' (expected: p2c",
                "routers: [{protocol: http, client: {failureAccrual: {kind: io.l5d.successRate, requests: 3}}}] ->> successRate: is missing",
                "routers: [{protocol: http, client: {kind: io.l5d.static, configs: [{failFast: true}]}}] ->> configs[0].prefix: is missing",
                "routers: [{protocol: http, client: {tls: {}}}] ->> client.tls.commonName: is missing",
                "routers: [{protocol: http, client: {tls: {commonName: a, trustCerts: [/no/such.pem]}}}] ->> /no/such.pem cannot be read",
                "routers: [{protocol: http, service: {responseClassifier: {kind: x}}}] ->> (expected: one of [io.l5d.http.nonRetryable5XX",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.namerd.http, experimental: true, dst: /$/inet/a/1, credentials: {principal: p}}}] ->> credentials.secretFile",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.namerd.http, experimental: true, dst: /$/inet/a/1, credentials: {}}}] ->> credentials.tokenFile",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.namerd.http, experimental: true, dst: /$/inet/a/1, credentials: {tokenFile: /no/such}}}] ->> '/no/such' (expected: a file that can be read)",
                "routers: [{protocol: http, servers: [{announce: [/#/io.l5d.serversets/web]}]}] ->> no announcer is for '/#/io.l5d.serversets/web'",
                "routers:;- protocol: http;  announcers:;  - kind: io.l5d.serversets;    pathPrefix: x ->> line 4: routers[0].announcers[0].zkAddrs: is missing",
                "routers: [{protocol: http, announcers: [{kind: zk}]}] ->> announcers[0].kind: 'zk' (expected: io.l5d.serversets)",
                "routers: [{protocol: http, identifier: {kind: io.l5d.k8s.istio}}] ->> 'io.l5d.k8s.istio' is not supported by this router yet",
                "routers:;- protocol: h2;  identifier:;  - kind: io.l5d.ingress;    class: x ->> line 5: unknown key 'class' in routers[0].identifier[0] (known here: host, ignoreDefaultBackends, ingressClassAnnotation, kind, namespace, port)",
                "routers: [{protocol: http}];namers: [{kind: io.l5d.k8s.external}] ->> io.l5d.k8s.external is experimental",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.k8s.configMap, experimental: true, name: a}}] ->> interpreter.filename: is missing",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.consul.interpreter, readConsistencyMode: x}}] ->> readConsistencyMode: 'x' (expected: default, stale or consistent)",
                "routers: [{protocol: http, interpreter: {kind: default, transformers: [{kind: io.l5d.k8s.daemonset, namespace: a, port: b}]}}] ->> transformers[0].service: is missing",
                "namers: [{kind: io.l5d.curator, experimental: true, basePath: a, zkAddrs: [{host: a}]}];routers: [{protocol: http}] ->> namers[0].basePath: 'a' (expected: a path such as /services)",
                "routers: [{protocol: http, interpreter: {kind: default, transformers: [{kind: io.l5d.k8s.localnode, hostNetwork: true}]}}] ->> transformers[0].kind: io.l5d.k8s.localnode needs the environment variable NODE_NAME (expected: this node's name)",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.other}}] ->> 'io.l5d.other' is not supported by this router yet",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.namerd}}] ->> interpreter.dst: is missing",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.namerd, dst: /$/inet/a/1, tls: {commonName: a, trustCerts: [x]}}}] ->> unknown key 'trustCerts' in routers[0].interpreter.tls (known here: caCert, commonName)",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.namerd, dst: /$/inet/a/1, tls: {commonName: a, caCert: /no/such.pem}}}] ->> /no/such.pem cannot be read",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.namerd.http, experimental: true, dst: /$/inet/a/1, retry: {baseSeconds: 0}}}] ->> retry.baseSeconds: '0' (expected: a whole number, >= 1",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.mesh}}] ->> interpreter.dst: is missing",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.mesh, dst: /$/inet/a/b}}] ->> dst: '/$/inet/a/b' (expected: /$/inet/<host>/<port>)",
                "routers:;- protocol: http;  interpreter:;    kind: io.l5d.mesh;    dst: /$/inet/a/1;    root: /a/b ->> line 6: routers[0].interpreter.root: '/a/b' (expected: a path of one element",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.mesh, dst: /$/inet/a/1, retry: {baseSeconds: 9, maxSeconds: 3}}}] ->> interpreter.retry.maxSeconds: '3' (expected: >= baseSeconds, 9)",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.mesh, dst: /$/inet/a/1, failureThreshold: {minPeriod: 1}}}] ->> unknown key 'minPeriod' in routers[0].interpreter.failureThreshold",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.mesh, dst: /$/inet/a/1, tls: {}}}] ->> interpreter.tls.commonName: is missing",
                "routers: [{protocol: http, interpreter: {kind: io.l5d.namerd.http, dst: /$/inet/a/1}}] ->> experimental: true beside it",
                "routers: [{protocol: http}];namers: [{kind: io.l5d.fs, rootDir: /no/such}] ->> line 2: namers[0].rootDir: '/no/such' (expected: an existing directory)",
                "routers: [{protocol: http}];namers: [{kind: io.l5d.serversets}] ->> line 2: namers[0].zkAddrs: is missing (expected: a list of host and port)",
                "routers: [{protocol: http}];namers: [{kind: io.l5d.zkLeader, zkAddrs: [{port: 1}]}] ->> namers[0].zkAddrs[0].host: is missing",
                "routers: [{protocol: http}];namers: [{kind: io.l5d.serversets, zkAddrs: [{host: 'a,b'}]}] ->> zkAddrs[0].host: 'a,b' (expected: a host name or an IP)",
                "routers: [{protocol: http}];namers: [{kind: io.l5d.serversets, zkHosts: x, zkAddrs: [{host: a}]}] ->> unknown key 'zkHosts' in namers[0] (known here: experimental, kind, prefix, transformers, zkAddrs)",
                "routers: [{protocol: http}];namers: [{kind: io.l5d.curator}] ->> io.l5d.curator is experimental",
                "routers: [{protocol: http}];telemetry: [{kind: io.l5d.zipkin, sampleRate: 2}] ->> line 2: telemetry[0].sampleRate: 2.0 (expected: 0.0 to 1.0)",
                "routers: [{protocol: http}];telemetry: [{kind: io.l5d.tracelog, level: LOUD}] ->> telemetry[0].level: 'LOUD' (expected: ALL",
                "routers: [{protocol: http}];telemetry: [{kind: io.zipkin.http, host: zipkin}] ->> telemetry[0].host: 'zipkin' (expected: host:port)",
                "routers: [{protocol: http}];telemetry: [{kind: io.l5d.usage}] ->> 'io.l5d.usage' is not supported by this router yet",
                "routers: [{protocol: http ->> line 1: ",
            })
    void refusesWithTheLine(String yaml, String message) {
        assertThatThrownBy(() -> LinkerdYaml.read(yaml.replace(";", "\n"), Usual.WIRE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
