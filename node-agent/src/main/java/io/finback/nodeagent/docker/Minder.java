package io.finback.nodeagent.docker;

import com.github.dockerjava.transport.DockerHttpClient.Response;
import io.finback.nodeagent.executor.LogLimits;
import io.finback.nodeagent.task.EngineRef;
import io.finback.nodeagent.task.Exit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accompanies one container from its start (or its adoption) to its end: carries its output into the sandbox, and knows how it
 * ended. One per container, on a thread of its own, since the engine's answers take as long as the container runs. It goes on
 * asking for as long as the engine is away: a container that cannot be seen has not ended.
 */
final class Minder implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(Minder.class);
    private static final long FIRST_WAIT_MILLIS = 100;
    private static final long LONGEST_WAIT_MILLIS = 5_000;

    private final Engine engine;
    private final KernelLog kernelLog;
    private final EngineRef ref;
    private final Path position;
    private final LogLimits logs;
    private final Optional<Path> begun;
    private volatile @Nullable EngineRef running;
    private volatile @Nullable Exit exit;
    private volatile boolean asked;
    private volatile boolean stopped;
    private volatile @Nullable Thread thread;

    /**
     * @param position where the progress of its output is kept
     * @param logs how much of its output is kept
     * @param begun made before the container is started; empty: it was started (or not) by an earlier agent
     */
    Minder(Engine engine, KernelLog kernelLog, EngineRef ref, Path position, LogLimits logs, Optional<Path> begun) {
        this.engine = engine;
        this.kernelLog = kernelLog;
        this.ref = ref;
        this.position = position;
        this.logs = logs;
        this.begun = begun;
    }

    /** As it runs, with its process and its addresses; empty until then. */
    Optional<EngineRef> running() {
        return Optional.ofNullable(running);
    }

    Optional<Exit> exit() {
        return Optional.ofNullable(exit);
    }

    /** A signal was asked for; one that came before the start is sent after it. */
    void asked() {
        asked = true;
    }

    /** Nobody listens any more; what runs goes on. */
    void stop() {
        stopped = true;
        Thread current = thread;
        if (current != null) {
            current.interrupt();
        }
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try {
            if (begun.isEmpty() || start(begun.get())) {
                mind();
            }
        } catch (RuntimeException e) {
            log.error("docker.minder_failed container={} next=look_at_it_when_asked", ref.name(), e);
            exit = new Exit.Unknown("the agent failed to follow it: " + e);
        }
    }

    /** False when it will never run. */
    private boolean start(Path mark) {
        try {
            Files.createFile(mark);
            var unused1 = engine.post("/containers/" + ref.name() + "/start", Map.of(), null);
            return true;
        } catch (EngineFailure e) {
            if (e.isTransient() && e.status() == EngineFailure.UNREACHABLE) {
                // It may have been heard: what the engine says afterwards counts.
                log.warn("docker.start_unanswered container={} reason={}", ref.name(), e.getMessage());
                return true;
            }
            exit = new Exit.NotStarted("the engine cannot start it: " + e.getMessage());
        } catch (IOException e) {
            exit = new Exit.NotStarted("its start cannot be written down: " + e);
        }
        return false;
    }

    private void mind() {
        long wait = FIRST_WAIT_MILLIS;
        boolean readable = true;
        while (!stopped && exit == null) {
            try {
                EngineContainer now = new EngineContainer(engine.get("/containers/" + ref.name() + "/json", Map.of()));
                if (now.isCreated()) {
                    exit = neverStarted();
                    return;
                }
                announce(now);
                readable = readable && follow(now);
                if (!now.isRunning()) {
                    exit = now.exit(now.isKilledWithoutReason() && !asked && kernelLog.ranOutOfMemory(now.id()));
                    return;
                }
                awaitEnd();
                wait = FIRST_WAIT_MILLIS;
            } catch (EngineFailure e) {
                if (e.isMissing()) {
                    exit = new Exit.Unknown("its container is gone; somebody removed it");
                    return;
                }
                log.warn("docker.unanswered container={} reason={} next=ask_again", ref.name(), e.getMessage());
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(wait));
                wait = Math.min(LONGEST_WAIT_MILLIS, wait * 2);
            }
        }
    }

    /** The agent before this one died while it asked for the start: nothing may begin once this is said. */
    private Exit neverStarted() throws EngineFailure {
        boolean removed = engine.delete("/containers/" + ref.name(), Map.of("force", "true", "v", "true"));
        return new Exit.NotStarted("it was never started" + (removed ? "" : ", and is gone"));
    }

    private void announce(EngineContainer now) {
        if (running == null) {
            running = new EngineRef(ref.containerizer(), ref.name(), ref.bootId(), now.pid(), now.networks());
            if (asked && now.isRunning()) {
                Signals.send(engine, ref.name(), now.stopSignal());
            }
        }
    }

    /** Until it ends or the engine breaks off; false when its output cannot be read at all. */
    private boolean follow(EngineContainer now) throws EngineFailure {
        Optional<Path> sandbox = now.path(DockerContainerizer.LABEL_SANDBOX);
        if (sandbox.isEmpty()) {
            return false;
        }
        try (SandboxOutput output = new SandboxOutput(sandbox.get(), logs)) {
            new LogFollower(engine, ref.name(), position, output).follow();
            return true;
        } catch (EngineFailure e) {
            if (e.isTransient() || e.isMissing()) {
                throw e;
            }
            log.warn("docker.output_unreadable container={} reason={}", ref.name(), e.getMessage());
            return false;
        } catch (IOException | RuntimeException e) {
            log.warn("docker.output_broken_off container={} reason={} next=go_on", ref.name(), e.toString());
            return true;
        }
    }

    private void awaitEnd() throws EngineFailure {
        try (Response response = engine.open("POST", "/containers/" + ref.name() + "/wait", Map.of(), Map.of());
                InputStream body = response.getBody()) {
            long answered = body.transferTo(java.io.OutputStream.nullOutputStream());
            log.debug("docker.wait_over container={} bytes={}", ref.name(), answered);
        } catch (EngineFailure e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new EngineFailure("waiting broke off: " + e, e);
        }
    }
}
