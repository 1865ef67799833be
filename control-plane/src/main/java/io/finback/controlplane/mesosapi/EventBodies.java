package io.finback.controlplane.mesosapi;

import com.google.protobuf.Message;
import io.finback.controlplane.view.ClusterEvent;
import io.finback.controlplane.view.EventLog;
import io.finback.controlplane.view.Page;
import io.finback.mesos.translate.StatusMessages;
import io.finback.mesos.v1.Encoding;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.master.Protos.Event;

/** Records of the event stream in one encoding. An event is written once for all who follow. */
final class EventBodies {
    private static final ClusterEvent.Cases<Event> TRANSLATE = new ClusterEvent.Cases<>(
            added -> Event.newBuilder()
                    .setType(Event.Type.TASK_ADDED)
                    .setTaskAdded(Event.TaskAdded.newBuilder().setTask(ViewMessages.task(added.task())))
                    .build(),
            EventBodies::taskUpdated,
            added -> Event.newBuilder()
                    .setType(Event.Type.AGENT_ADDED)
                    .setAgentAdded(Event.AgentAdded.newBuilder().setAgent(ViewMessages.agent(added.agent())))
                    .build(),
            removed -> Event.newBuilder()
                    .setType(Event.Type.AGENT_REMOVED)
                    .setAgentRemoved(Event.AgentRemoved.newBuilder()
                            .setAgentId(Protos.AgentID.newBuilder()
                                    .setValue(removed.agent().value())))
                    .build(),
            added -> Event.newBuilder()
                    .setType(Event.Type.FRAMEWORK_ADDED)
                    .setFrameworkAdded(Event.FrameworkAdded.newBuilder()
                            .setFramework(ViewMessages.framework(added.framework(), List.of())))
                    .build(),
            updated -> Event.newBuilder()
                    .setType(Event.Type.FRAMEWORK_UPDATED)
                    .setFrameworkUpdated(Event.FrameworkUpdated.newBuilder()
                            .setFramework(ViewMessages.framework(updated.framework(), List.of())))
                    .build(),
            removed -> Event.newBuilder()
                    .setType(Event.Type.FRAMEWORK_REMOVED)
                    .setFrameworkRemoved(Event.FrameworkRemoved.newBuilder()
                            .setFrameworkInfo(ViewMessages.info(removed.framework())))
                    .build());

    private final Encoding encoding;
    private final Page.Derivation<EventLog.Entry, byte[]> written;

    EventBodies(Encoding encoding) {
        this.encoding = encoding;
        this.written = Page.Derivation.of(
                entries -> encoding.write(translate(entries.get(0).event())));
    }

    /** {@code state} empty: the subscriber goes on where it was. */
    Rope subscribed(Optional<Rope> state, String cursor) {
        Body content = Body.of(encoding);
        state.ifPresent(snapshot -> content.message("get_state", Event.Subscribed.GET_STATE_FIELD_NUMBER, snapshot));
        content.fields(Event.Subscribed.newBuilder()
                .setHeartbeatIntervalSeconds(EventStreams.HEARTBEAT_SECONDS)
                .build());
        return Body.of(encoding)
                .fields(Event.newBuilder().setType(Event.Type.SUBSCRIBED).build())
                .message("subscribed", Event.SUBSCRIBED_FIELD_NUMBER, content.build())
                .foreign(EventStreams.FIELD, EventStreams.FIELD_NUMBER, cursor)
                .build();
    }

    byte[] heartbeat() {
        Message heartbeat = Event.newBuilder().setType(Event.Type.HEARTBEAT).build();
        return record(Rope.of(encoding.write(heartbeat))).bytes();
    }

    byte[] event(Page<EventLog.Entry> entry, LongFunction<String> cursor) {
        return event(entry.derived(written), entry.items().get(0).number(), cursor);
    }

    /** What one reader sees of an event, which others may see otherwise. */
    byte[] event(ClusterEvent shown, long number, LongFunction<String> cursor) {
        return event(encoding.write(translate(shown)), number, cursor);
    }

    private byte[] event(byte[] message, long number, LongFunction<String> cursor) {
        Rope rope = Body.of(encoding)
                .written(message)
                .foreign(EventStreams.FIELD, EventStreams.FIELD_NUMBER, cursor.apply(number))
                .build();
        return record(rope).bytes();
    }

    /** Length, newline, bytes. */
    static Rope record(Rope content) {
        return new Rope.Builder()
                .add((content.length() + "\n").getBytes(StandardCharsets.US_ASCII))
                .add(content)
                .build();
    }

    private static Event translate(ClusterEvent event) {
        return event.match(TRANSLATE);
    }

    private static Event taskUpdated(ClusterEvent.TaskUpdated updated) {
        return Event.newBuilder()
                .setType(Event.Type.TASK_UPDATED)
                .setTaskUpdated(Event.TaskUpdated.newBuilder()
                        .setFrameworkId(Protos.FrameworkID.newBuilder()
                                .setValue(updated.task().status().framework().value()))
                        .setStatus(StatusMessages.to(updated.task().status()))
                        .setState(StatusMessages.state(updated.task().status().state())))
                .build();
    }
}
