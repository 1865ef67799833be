package io.finback.nodeagent.api.v1;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.stream.javadsl.StreamConverters;
import io.finback.mesos.translate.TaskMessages;
import io.finback.mesos.v1.BadMessageException;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.Negotiation;
import io.finback.mesos.v1.RecordIo;
import io.finback.nodeagent.nested.NestedContainers;
import io.finback.nodeagent.nested.NestedFailure;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.agent.Protos.Call;
import org.apache.mesos.v1.agent.Protos.ProcessIO;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commands run beside a task for as long as somebody listens, such as a shell. */
final class SessionApi {
    private static final Logger log = LoggerFactory.getLogger(SessionApi.class);
    private static final int MOST_RECORD = 1024 * 1024;

    private final ActorSystem<?> system;
    private final Parents parents;
    private final Sessions sessions;
    private final NestedContainers nested;
    private final TaskTerminals terminals;
    private final Executor blocking;
    private final CallRights rights;

    SessionApi(
            ActorSystem<?> system,
            Parents parents,
            Sessions sessions,
            NestedContainers nested,
            TaskTerminals terminals,
            Executor blocking,
            CallRights rights) {
        this.system = system;
        this.parents = parents;
        this.sessions = sessions;
        this.nested = nested;
        this.terminals = terminals;
        this.blocking = blocking;
        this.rights = rights;
    }

    HttpResponse start(Call call, HttpRequest request) {
        Call.LaunchNestedContainerSession launch = call.getLaunchNestedContainerSession();
        if (!call.hasLaunchNestedContainerSession() || !launch.getContainerId().hasParent()) {
            throw new ApiFailure(
                    400,
                    "launch_nested_container_session.container_id.parent: missing (expected: the container of a task)");
        }
        Optional<Tty> terminal = terminal(launch.getContainer());
        Encoding unused = Outputs.encoding(request);
        CommandInfo command;
        try {
            String field = "launch_nested_container_session.command";
            command = NestedApi.supported(field, TaskMessages.command(field, launch.getCommand()));
        } catch (IllegalArgumentException e) {
            throw new ApiFailure(400, String.valueOf(e.getMessage()));
        }
        Parents.Place place = parents.place(launch.getContainerId().getParent());
        Session session = sessions.start(
                Parents.name(launch.getContainerId()),
                place,
                launch.getContainerId().getValue(),
                inherited(place, command),
                terminal);
        return Outputs.answer(request, output(session));
    }

    private CommandInfo inherited(Parents.Place place, CommandInfo command) {
        try {
            return nested.in(place.task(), place.names(), command);
        } catch (NestedFailure e) {
            throw NestedApi.refused(e);
        }
    }

    /** All that a session may have of its own. */
    private static Optional<Tty> terminal(Protos.ContainerInfo container) {
        // The type is all that has to be there.
        boolean more = !container.toBuilder()
                .clearTtyInfo()
                .clearType()
                .buildPartial()
                .getAllFields()
                .isEmpty();
        if (more) {
            throw new ApiFailure(
                    400, "launch_nested_container_session.container: more than a terminal (expected: tty_info alone)");
        }
        return container.hasTtyInfo() ? Optional.of(size(container.getTtyInfo())) : Optional.empty();
    }

    private static Tty size(Protos.TTYInfo info) {
        return new Tty(info.getWindowSize().getRows(), info.getWindowSize().getColumns());
    }

    /** Ends when both outputs have; when nobody reads any more, the command is ended. */
    private static Source<ProcessIO, NotUsed> output(Session session) {
        Process process = session.process();
        Source<ProcessIO, ?> out = StreamConverters.fromInputStream(process::getInputStream)
                .map(bytes -> Outputs.piece(ProcessIO.Data.Type.STDOUT, bytes.asByteBuffer()));
        Source<ProcessIO, ?> err = StreamConverters.fromInputStream(process::getErrorStream)
                .map(bytes -> Outputs.piece(ProcessIO.Data.Type.STDERR, bytes.asByteBuffer()));
        return out.merge(err, false)
                .map(piece -> {
                    session.said(piece);
                    return piece;
                })
                .watchTermination((before, ended) -> {
                    ended.whenComplete((done, failure) -> {
                        session.end();
                        session.kill();
                    });
                    return NotUsed.getInstance();
                });
    }

    /** A stream of calls: the first names the container, the others bring its input; an empty one is the end of it. */
    CompletionStage<HttpResponse> attachInput(HttpRequest request) {
        Encoding encoding = Negotiation.contentType(
                        Calls.header(request, Outputs.MESSAGE_TYPE).orElse(""))
                .orElseThrow(() -> new ApiFailure(
                        415, "Expecting '" + Outputs.MESSAGE_TYPE + "' of application/json or application/x-protobuf"));
        RecordIo.Decoder decoder = new RecordIo.Decoder(MOST_RECORD);
        AtomicReference<Attached> input = new AtomicReference<>();
        return request.entity()
                .withoutSizeLimit()
                .getDataBytes()
                .mapAsync(
                        1,
                        bytes -> CompletableFuture.supplyAsync(
                                () -> feed(bytes.toArray(), decoder, encoding, input, request), blocking))
                .runWith(Sink.ignore(), system)
                .thenApply(done -> HttpResponse.create());
    }

    private Attached attached(Protos.ContainerID container) {
        return sessions.find(Parents.name(container))
                .<Attached>map(session -> session)
                .or(() -> terminals.find(container))
                .orElseThrow(() -> Parents.missing(container, " (expected: a session, or a task with a terminal)"));
    }

    private boolean feed(
            byte[] bytes,
            RecordIo.Decoder decoder,
            Encoding encoding,
            AtomicReference<Attached> input,
            HttpRequest request) {
        try {
            for (byte[] record : decoder.feed(bytes)) {
                Call.AttachContainerInput call = Calls.decode(record, encoding, Call.getDefaultInstance())
                        .getAttachContainerInput();
                Attached attached = input.get();
                ProcessIO said = call.getProcessIo();
                if (attached == null) {
                    rights.attachInput(request, call.getContainerId());
                    input.set(attached(call.getContainerId()));
                } else if (said.getType() == ProcessIO.Type.DATA) {
                    attached.type(said.getData().getData());
                } else if (said.getControl().getType() == ProcessIO.Control.Type.TTY_INFO) {
                    boolean done = attached.resize(size(said.getControl().getTtyInfo()));
                    log.debug("session.resized done={}", done);
                }
            }
            return true;
        } catch (BadMessageException e) {
            throw new ApiFailure(400, e.reason());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
