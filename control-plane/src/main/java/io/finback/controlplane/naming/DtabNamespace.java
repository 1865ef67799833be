package io.finback.controlplane.naming;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.SignalHandler;
import io.finback.controlplane.dtabs.DtabEvent;
import io.finback.controlplane.dtabs.DtabState;
import io.finback.persistence.EntityDefaults;
import io.finback.persistence.OwningEntity;
import io.finback.wire.DtabSnapshot;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Owns one namespace's delegation table. One per namespace, on a master. After a restart or failover it says again what it holds; masters
 * that miss that hear it through each other. A removed namespace keeps its journal, so that no version comes back.
 */
public final class DtabNamespace extends OwningEntity<DtabMessage, DtabEvent, DtabState> {

    private enum Idle implements DtabMessage {
        INSTANCE
    }

    /** One that was only asked for goes away after this. */
    private static final Duration UNKNOWN_STAYS = Duration.ofSeconds(30);

    private final ActorContext<DtabMessage> context;
    private final String namespace;
    private final Consumer<DtabSnapshot> masters;

    /** {@code masters}: is told every state that is journaled. */
    public static Behavior<DtabMessage> create(String namespace, Consumer<DtabSnapshot> masters) {
        return EntityDefaults.supervised(Behaviors.setup(context -> new DtabNamespace(context, namespace, masters)));
    }

    private DtabNamespace(ActorContext<DtabMessage> context, String namespace, Consumer<DtabSnapshot> masters) {
        super(
                DtabMessage.KEY.name(),
                namespace,
                DtabState.NOTHING,
                (state, event) -> event.applyTo(state),
                EntityDefaults.retention());
        this.context = context;
        this.namespace = namespace;
        this.masters = masters;
        context.setReceiveTimeout(UNKNOWN_STAYS, Idle.INSTANCE);
    }

    @Override
    public SignalHandler<DtabState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), this::tell)
                .build();
    }

    @Override
    public CommandHandlerWithReply<DtabMessage, DtabEvent, DtabState> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(DtabMessage.Change.class, this::onChange)
                .onCommand(DtabMessage.Read.class, (state, m) -> Effect().reply(m.replyTo(), done(state)))
                .onCommand(Idle.class, (state, m) -> {
                    if (state.version() == 0) {
                        return Effect().none().thenStop().thenNoReply();
                    }
                    context.cancelReceiveTimeout();
                    return Effect().noReply();
                })
                .onCommand(DtabMessage.Wake.class, (state, m) -> {
                    tell(state);
                    return Effect().noReply();
                })
                .build();
    }

    private ReplyEffect<DtabEvent, DtabState> onChange(DtabState state, DtabMessage.Change m) {
        Optional<DtabState.Refusal> refusal = state.refusal(m.write());
        if (refusal.isPresent()) {
            return Effect().reply(m.replyTo(), new DtabMessage.Answer(snapshot(state), refusal));
        }
        DtabEvent event = m.write().mode() == DtabState.Mode.REMOVE
                ? new DtabEvent.Removed()
                : new DtabEvent.Stored(m.write().dtab());
        return Effect()
                .persist(event)
                .thenRun((DtabState after) -> {
                    context.getLog()
                            .info(
                                    "dtab.changed namespace={} version={} mode={}",
                                    namespace,
                                    after.version(),
                                    m.write().mode());
                    tell(after);
                })
                .thenReply(m.replyTo(), this::done);
    }

    private void tell(DtabState state) {
        if (state.version() > 0) {
            masters.accept(snapshot(state));
        }
    }

    private DtabMessage.Answer done(DtabState state) {
        return new DtabMessage.Answer(snapshot(state), Optional.empty());
    }

    private DtabSnapshot snapshot(DtabState state) {
        return new DtabSnapshot(namespace, state.version(), state.dtab());
    }
}
