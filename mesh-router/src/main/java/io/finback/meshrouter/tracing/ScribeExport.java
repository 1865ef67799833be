package io.finback.meshrouter.tracing;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.thrift.Thrift;
import io.finback.meshrouter.rpc.thrift.ThriftMessage;
import io.finback.meshrouter.rpc.thrift.ThriftParams;
import io.finback.tracing.Span;
import io.finback.tracing.SpanExport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/** Zipkin's collector of old, by framed Thrift: {@code io.l5d.zipkin}. Source: linkerd/linkerd telemetry/zipkin. */
public final class ScribeExport implements SpanExport {
    /** Of the answer: the whole was taken. 1: try again later. */
    private static final int OK = 0;

    private final String service;
    private final Duration timeout;
    private final Service<byte[], byte[]> collector;
    private int sequence;

    /** {@code timeout} is for one message, connecting included. */
    public ScribeExport(String host, int port, String service, Duration timeout) {
        this.service = service;
        this.timeout = timeout;
        this.collector = Thrift.client()
                .with(ThriftParams.UPGRADE, false)
                .withRequestTimeout(timeout)
                .newService((host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port, "zipkin-tracer");
    }

    @Override
    public void send(List<Span> spans) throws IOException {
        byte[] answer;
        try {
            answer = collector
                    .call(ScribeSpans.call(spans, service, ++sequence), Context.EMPTY)
                    .get(timeout.plusMillis(500));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (Exception e) {
            throw new IOException(String.valueOf(e.getMessage()), e);
        }
        check(answer);
    }

    private static void check(byte[] answer) throws IOException {
        try {
            ThriftMessage head = ThriftMessage.read(answer);
            // A reply's struct: field 0 of type i32, then the code.
            if (head.kind() != ThriftMessage.Kind.REPLY || answer.length < head.bodyAt() + 7) {
                throw new IOException("the collector answered with an exception");
            }
            int code = ByteBuffer.wrap(answer).getInt(head.bodyAt() + 3);
            if (code != OK) {
                throw new IOException("the collector says: try again later");
            }
        } catch (Failure.Protocol e) {
            throw new Refused("the collector's answer is no Thrift: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        var unused = collector.close(Duration.ZERO);
    }
}
