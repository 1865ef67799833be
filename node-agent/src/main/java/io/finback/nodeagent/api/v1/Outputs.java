package io.finback.nodeagent.api.v1;

import akka.NotUsed;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.RecordIo;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.agent.Protos.ProcessIO;

/** What commands print, as a stream of records. */
final class Outputs {
    static final String MESSAGE_TYPE = "Message-Content-Type";

    /** The time between two signs of life. Source: Mesos. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(30);

    private static final String MESSAGE_ACCEPT = "Message-Accept";

    private Outputs() {}

    static ProcessIO piece(ProcessIO.Data.Type type, ByteBuffer bytes) {
        return ProcessIO.newBuilder()
                .setType(ProcessIO.Type.DATA)
                .setData(ProcessIO.Data.newBuilder()
                        .setType(type)
                        .setData(com.google.protobuf.ByteString.copyFrom(bytes)))
                .build();
    }

    /** How the client wants each record. */
    static Encoding encoding(HttpRequest request) {
        return isRecords(request)
                ? Calls.accepted(Calls.header(request, MESSAGE_ACCEPT).orElse(""))
                : Calls.accepted(Calls.accept(request));
    }

    static HttpResponse answer(HttpRequest request, Source<ProcessIO, NotUsed> output) {
        Encoding encoding = encoding(request);
        ProcessIO heartbeat = ProcessIO.newBuilder()
                .setType(ProcessIO.Type.CONTROL)
                .setControl(ProcessIO.Control.newBuilder()
                        .setType(ProcessIO.Control.Type.HEARTBEAT)
                        .setHeartbeat(ProcessIO.Control.Heartbeat.newBuilder()
                                .setInterval(Protos.DurationInfo.newBuilder().setNanoseconds(HEARTBEAT.toNanos()))))
                .build();
        // The first at once: the answer's head is sent along with something, and who waits for it types nothing.
        Source<ByteString, NotUsed> bytes = Source.single(heartbeat)
                .concat(output)
                .keepAlive(HEARTBEAT, () -> heartbeat)
                .map(message -> ByteString.fromArrayUnsafe(RecordIo.frame(encoding.write(message))));
        boolean records = isRecords(request);
        HttpResponse response = HttpResponse.create()
                .withEntity(HttpEntities.createChunked(records ? Calls.records() : Calls.type(encoding), bytes));
        return records ? response.addHeader(RawHeader.create(MESSAGE_TYPE, encoding.mediaType())) : response;
    }

    private static boolean isRecords(HttpRequest request) {
        return Calls.accept(request).contains(Calls.RECORD_IO);
    }
}
