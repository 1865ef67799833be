package io.finback.nodeagent.api.v1;

import akka.NotUsed;
import akka.stream.BoundedSourceQueue;
import akka.stream.javadsl.Source;
import com.google.protobuf.ByteString;
import io.finback.nodeagent.executor.Inside;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.mesos.v1.agent.Protos.ProcessIO;

/** A command beside a task, whose output goes to who started it, and to whoever listens besides. Thread-safe. */
final class Session implements Attached {
    /** What a listener may be behind by; who is slower is cut off, so that it cannot hold up the others. */
    private static final int CAPACITY = 1024;

    private final Process process;
    private final Set<BoundedSourceQueue<ProcessIO>> listeners = ConcurrentHashMap.newKeySet();
    private final Runnable end;
    private volatile boolean ended;

    /** @param end ends all that was started; may be asked more than once, and after the end */
    Session(Process process, Runnable end) {
        this.process = process;
        this.end = end;
    }

    /** SIGKILL to it, and to all it has started. */
    void kill() {
        end.run();
    }

    Process process() {
        return process;
    }

    @Override
    public void type(ByteString text) throws IOException {
        OutputStream to = process.getOutputStream();
        if (text.isEmpty()) {
            to.close();
        } else {
            text.writeTo(to);
            to.flush();
        }
    }

    @Override
    public boolean resize(Tty size) throws IOException {
        return Inside.resize(process, size);
    }

    void said(ProcessIO output) {
        for (BoundedSourceQueue<ProcessIO> listener : List.copyOf(listeners)) {
            if (!listener.offer(output).isEnqueued() && listeners.remove(listener)) {
                listener.fail(new IllegalStateException("the listener reads too slowly"));
            }
        }
    }

    /** After the last {@link #said}. */
    void end() {
        ended = true;
        listeners.forEach(BoundedSourceQueue::complete);
    }

    /** What is said from now on. */
    Source<ProcessIO, NotUsed> listen() {
        return Source.<ProcessIO>queue(CAPACITY).mapMaterializedValue(queue -> {
            listeners.add(queue);
            if (ended) {
                queue.complete();
            }
            return NotUsed.getInstance();
        });
    }
}
