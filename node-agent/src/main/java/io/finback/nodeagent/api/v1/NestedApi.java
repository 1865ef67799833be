package io.finback.nodeagent.api.v1;

import akka.Done;
import akka.NotUsed;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.javadsl.Source;
import io.finback.mesos.translate.TaskMessages;
import io.finback.mesos.v1.Encoding;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.files.FileFailure;
import io.finback.nodeagent.files.FileSpace;
import io.finback.nodeagent.files.Follower;
import io.finback.nodeagent.nested.NestedContainers;
import io.finback.nodeagent.nested.NestedFailure;
import io.finback.nodeagent.task.NestedContainer;
import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.agent.Protos.Call;
import org.apache.mesos.v1.agent.Protos.ProcessIO;
import org.apache.mesos.v1.agent.Protos.Response;

/**
 * Nested containers: LAUNCH_, WAIT_, KILL_ and REMOVE_, each with {@code NESTED_CONTAINER} or {@code CONTAINER} behind, and what
 * they and sessions print. Source: apache/mesos {@code src/slave/http.cpp}.
 */
@SuppressWarnings("deprecation") // the calls with NESTED in their names, which executors still use
final class NestedApi {
    private static final int SIGKILL = 9;
    private static final int MOST_SIGNAL = 64;

    /** What shells and the JVM add to the number of the signal that ended a process. */
    private static final int SIGNALED = 128;

    /** The time between two looks at a file that does not grow. */
    private static final long LOOK_MILLIS = 250;

    /** It names a directory, and a period stands between a container and its parent. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9_@:+-]*");

    private static final int MOST_ID_BYTES = 255;

    private final Parents parents;
    private final Sessions sessions;
    private final NestedContainers nested;
    private final TaskTerminals terminals;
    private final FileSpace files;
    private final Executor blocking;

    /** @param blocking waits for processes and the disk */
    NestedApi(
            Parents parents,
            Sessions sessions,
            NestedContainers nested,
            TaskTerminals terminals,
            FileSpace files,
            Executor blocking) {
        this.parents = parents;
        this.sessions = sessions;
        this.nested = nested;
        this.terminals = terminals;
        this.files = files;
        this.blocking = blocking;
    }

    HttpResponse launch(Call call) {
        if (call.getType() == Call.Type.LAUNCH_NESTED_CONTAINER) {
            Call.LaunchNestedContainer order = call.getLaunchNestedContainer();
            return launch("launch_nested_container", order.getContainerId(), order.getCommand(), order.getContainer());
        }
        Call.LaunchContainer order = call.getLaunchContainer();
        nestedOnly("launch_container", order.getContainerId());
        if (order.getResourcesCount() > 0 || order.getLimitsCount() > 0) {
            throw new ApiFailure(
                    400, "launch_container.resources: present (expected: none; it shares those of its parent)");
        }
        return launch("launch_container", order.getContainerId(), order.getCommand(), order.getContainer());
    }

    private HttpResponse launch(
            String field, Protos.ContainerID id, Protos.CommandInfo message, Protos.ContainerInfo container) {
        check(field, id);
        boolean sharesPids = sharesPids(field, container);
        CommandInfo command;
        try {
            command = supported(field + ".command", TaskMessages.command(field + ".command", message));
        } catch (IllegalArgumentException e) {
            throw new ApiFailure(400, String.valueOf(e.getMessage()));
        }
        Parents.Place place = parents.place(id.getParent());
        List<String> names = new ArrayList<>(place.names());
        names.add(id.getValue());
        try {
            boolean started = nested.launch(place.task(), names, command, sharesPids);
            return HttpResponse.create().withStatus(started ? 200 : 202);
        } catch (NestedFailure e) {
            throw refused(e);
        }
    }

    /** All that one may choose; it has a namespace of processes of its own unless it says otherwise, as in Mesos. */
    private static boolean sharesPids(String field, Protos.ContainerInfo container) {
        Protos.LinuxInfo linux = container.getLinuxInfo();
        boolean more = !container.toBuilder()
                        .clearType()
                        .clearLinuxInfo()
                        .buildPartial()
                        .getAllFields()
                        .isEmpty()
                || !linux.toBuilder()
                        .clearSharePidNamespace()
                        .clearShareCgroups()
                        .build()
                        .getAllFields()
                        .isEmpty();
        if (more || (container.hasType() && container.getType() != Protos.ContainerInfo.Type.MESOS)) {
            throw new ApiFailure(
                    400,
                    field + ".container: more than is supported (expected: type MESOS, with"
                            + " linux_info.share_pid_namespace at most)");
        }
        if (!linux.getShareCgroups()) {
            throw new ApiFailure(
                    400,
                    field
                            + ".container.linux_info.share_cgroups: false (expected: true; it shares its parent's limits)");
        }
        return linux.getSharePidNamespace();
    }

    /** What a command beside a task cannot have, and would be silently wrong without. */
    static CommandInfo supported(String field, CommandInfo command) {
        if (!command.secrets().isEmpty()) {
            throw new ApiFailure(400, field + ".environment: a secret (expected: values alone beside a task)");
        }
        if (!command.uris().isEmpty()) {
            throw new ApiFailure(400, field + ".uris: present (expected: none beside a task)");
        }
        return command;
    }

    static ApiFailure refused(NestedFailure failure) {
        int status =
                switch (failure.kind()) {
                    case NAME_TAKEN, NOT_STARTED -> 400;
                    case PARENT_GONE -> 404;
                    case FULL -> 503;
                    case NOT_ENDED, BROKEN -> 500;
                };
        return new ApiFailure(status, String.valueOf(failure.getMessage()));
    }

    CompletionStage<HttpResponse> await(Call call, Encoding accepted) {
        boolean old = call.getType() == Call.Type.WAIT_NESTED_CONTAINER;
        Protos.ContainerID id = old
                ? call.getWaitNestedContainer().getContainerId()
                : call.getWaitContainer().getContainerId();
        if (!old) {
            nestedOnly("wait_container", id);
        }
        check(old ? "wait_nested_container" : "wait_container", id);
        CompletionStage<Optional<Integer>> end = find(id).map(
                        container -> nested.end(container).thenApply(NestedContainer.End::waitStatus))
                .or(() -> session(id).map(process -> process.onExit()
                        .thenApply(ended -> Optional.of(waitStatus(ended.exitValue())))))
                .orElseThrow(() -> Parents.missing(id, ""));
        return end.thenApply(status -> {
            Response.Builder response = Response.newBuilder();
            if (old) {
                response.setType(Response.Type.WAIT_NESTED_CONTAINER)
                        .setWaitNestedContainer(status.map(Response.WaitNestedContainer.newBuilder()::setExitStatus)
                                .orElseGet(Response.WaitNestedContainer::newBuilder));
            } else {
                response.setType(Response.Type.WAIT_CONTAINER)
                        .setWaitContainer(status.map(Response.WaitContainer.newBuilder()::setExitStatus)
                                .orElseGet(Response.WaitContainer::newBuilder));
            }
            return Calls.message(response.build(), accepted);
        });
    }

    HttpResponse kill(Call call) {
        if (call.getType() == Call.Type.KILL_NESTED_CONTAINER) {
            Call.KillNestedContainer order = call.getKillNestedContainer();
            return kill(
                    "kill_nested_container", order.getContainerId(), order.hasSignal() ? order.getSignal() : SIGKILL);
        }
        Call.KillContainer order = call.getKillContainer();
        nestedOnly("kill_container", order.getContainerId());
        return kill("kill_container", order.getContainerId(), order.hasSignal() ? order.getSignal() : SIGKILL);
    }

    private HttpResponse kill(String field, Protos.ContainerID id, int signal) {
        check(field, id);
        if (signal < 1 || signal > MOST_SIGNAL) {
            throw new ApiFailure(400, field + ".signal: " + signal + " (expected: 1 to " + MOST_SIGNAL + ")");
        }
        Optional<NestedContainer> container = find(id).filter(found -> !found.isEnded());
        try {
            if (container.isPresent()) {
                kill(container.get(), signal);
            } else {
                kill(
                        sessions.find(Parents.name(id))
                                .filter(session -> session.process().isAlive())
                                .orElseThrow(() -> Parents.missing(id, " (or is already killed)")),
                        signal);
            }
            return HttpResponse.create();
        } catch (IOException e) {
            throw new ApiFailure(500, "The signal cannot be sent: " + e.getMessage());
        } catch (NestedFailure e) {
            throw refused(e);
        }
    }

    private void kill(NestedContainer container, int signal) throws NestedFailure {
        if (signal == SIGKILL) {
            nested.kill(container);
        } else {
            nested.signal(container, signal);
        }
    }

    private static void kill(Session session, int signal) throws IOException {
        if (signal == SIGKILL) {
            session.kill();
        } else {
            Inside.signal(session.process().pid(), signal);
        }
    }

    HttpResponse remove(Call call) {
        boolean old = call.getType() == Call.Type.REMOVE_NESTED_CONTAINER;
        Protos.ContainerID id = old
                ? call.getRemoveNestedContainer().getContainerId()
                : call.getRemoveContainer().getContainerId();
        if (!old) {
            nestedOnly("remove_container", id);
        }
        check(old ? "remove_nested_container" : "remove_container", id);
        try {
            nested.remove(find(id).orElseThrow(() -> Parents.missing(id, "")));
            return HttpResponse.create();
        } catch (NestedFailure e) {
            throw refused(e);
        }
    }

    // -- outputs --

    /** Of a session and of a task with a terminal from now on; of a nested container from the beginning of what is kept. */
    HttpResponse attachOutput(Call call, HttpRequest request) {
        Protos.ContainerID id = call.getAttachContainerOutput().getContainerId();
        Source<ProcessIO, NotUsed> output = find(id).map(this::written)
                .or(() -> sessions.find(Parents.name(id)).map(Session::listen))
                .or(() -> terminals.find(id).map(this::shown))
                .orElseThrow(() -> Parents.missing(id, ""));
        return Outputs.answer(request, output);
    }

    private Source<ProcessIO, NotUsed> written(NestedContainer container) {
        Path directory = Path.of(container.root(), container.steps().toArray(String[]::new));
        BooleanSupplier goesOn = () ->
                nested.find(container.path()).filter(found -> !found.isEnded()).isPresent();
        return followed(all(directory.resolve("stdout")), goesOn, ProcessIO.Data.Type.STDOUT)
                .merge(followed(all(directory.resolve("stderr")), goesOn, ProcessIO.Data.Type.STDERR), false);
    }

    private Opening all(Path file) {
        return () -> files.followAll(file.toString());
    }

    private Source<ProcessIO, NotUsed> shown(TaskTerminals.OfTask terminal) {
        // What is printed from the call on, also before the answer's first read.
        long already = terminal.printed().toFile().length();
        return followed(
                () -> files.follow(terminal.printed().toString(), already),
                () -> terminals.goesOn(terminal),
                ProcessIO.Data.Type.STDOUT);
    }

    /** A file that may not be there yet. */
    private interface Opening {
        Follower open() throws FileFailure, IOException;
    }

    private Source<ProcessIO, NotUsed> followed(Opening opening, BooleanSupplier goesOn, ProcessIO.Data.Type type) {
        return Source.<ByteBuffer, Following>unfoldResourceAsync(
                        () -> CompletableFuture.completedFuture(new Following(opening, goesOn)),
                        this::look,
                        following -> CompletableFuture.supplyAsync(following::closed, blocking))
                .filter(ByteBuffer::hasRemaining)
                .map(bytes -> Outputs.piece(type, bytes));
    }

    private static final class Following {
        private final Opening opening;
        private final BooleanSupplier goesOn;
        private Optional<Follower> open = Optional.empty();

        private Following(Opening opening, BooleanSupplier goesOn) {
            this.opening = opening;
            this.goesOn = goesOn;
        }

        /** Empty: there is no more. */
        private Optional<ByteBuffer> next() {
            // Asked before the look: what an ended one printed is in its file.
            boolean over = !goesOn.getAsBoolean();
            ByteBuffer bytes = read();
            return over && !bytes.hasRemaining() ? Optional.empty() : Optional.of(bytes);
        }

        private ByteBuffer read() {
            try {
                if (open.isEmpty()) {
                    open = Optional.of(opening.open());
                }
                return open.get().nextBytes();
            } catch (FileFailure | IOException e) {
                // Not yet there, or removed.
                return ByteBuffer.allocate(0);
            }
        }

        private Done closed() {
            try {
                if (open.isPresent()) {
                    open.get().close();
                }
            } catch (IOException e) {
                // It was only read.
                return Done.getInstance();
            }
            return Done.getInstance();
        }
    }

    private CompletionStage<Optional<ByteBuffer>> look(Following following) {
        return CompletableFuture.supplyAsync(following::next, blocking).thenCompose(found -> {
            boolean quiet = found.isPresent() && !found.get().hasRemaining();
            return quiet
                    ? CompletableFuture.supplyAsync(
                            () -> found, CompletableFuture.delayedExecutor(LOOK_MILLIS, TimeUnit.MILLISECONDS))
                    : CompletableFuture.completedFuture(found);
        });
    }

    // -- who is meant --

    private Optional<NestedContainer> find(Protos.ContainerID id) {
        return nested.find(Parents.path(id));
    }

    private Optional<Process> session(Protos.ContainerID id) {
        return sessions.find(Parents.name(id)).map(Session::process);
    }

    private static void nestedOnly(String field, Protos.ContainerID id) {
        if (!id.getValue().isEmpty() && !id.hasParent()) {
            throw new ApiFailure(
                    501,
                    field + ".container_id.parent: missing (expected: a container of a task; none stand alone here)");
        }
    }

    private static void check(String field, Protos.ContainerID id) {
        String value = id.getValue();
        if (!ID.matcher(value).matches() || value.getBytes(StandardCharsets.UTF_8).length > MOST_ID_BYTES) {
            throw new ApiFailure(
                    400,
                    field + ".container_id.value: '" + value + "' (expected: letters, digits, - and _; at most "
                            + MOST_ID_BYTES + ")");
        }
        if (!id.hasParent()) {
            throw new ApiFailure(400, "Expecting '" + field + ".container_id.parent' to be present");
        }
    }

    /** As {@code wait(2)} gives it. */
    private static int waitStatus(int exit) {
        return exit > SIGNALED && exit <= SIGNALED + MOST_SIGNAL ? exit - SIGNALED : exit << 8;
    }
}
