package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.DrainsSnapshot;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Keeps one master informed of drains, and the apps that have to move awake. One per master, nothing kept: it asks again every two
 * seconds.
 */
final class DrainKeeper {
    private static final Duration EVERY = Duration.ofSeconds(2);

    sealed interface Command {}

    private enum Ask implements Command {
        INSTANCE
    }

    private record Known(DrainsSnapshot snapshot) implements Command {}

    private DrainKeeper() {}

    /** {@code ask}: asks the owner. {@code apps}: takes an entity id and sends. */
    static Behavior<Command> create(
            ServicesView view, Consumer<ActorRef<DrainsSnapshot>> ask, BiConsumer<String, AppCommand> apps) {
        Behavior<Command> behavior = Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            ActorRef<DrainsSnapshot> answers = context.messageAdapter(DrainsSnapshot.class, Known::new);
            timers.startTimerWithFixedDelay(Ask.INSTANCE, Duration.ZERO, EVERY);
            return Behaviors.receive(Command.class)
                    .onMessage(Ask.class, m -> {
                        ask.accept(answers);
                        return Behaviors.same();
                    })
                    .onMessage(Known.class, m -> {
                        view.apply(m.snapshot());
                        nudge(view, apps);
                        return Behaviors.same();
                    })
                    .build();
        }));
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.1));
    }

    private static void nudge(ServicesView view, BiConsumer<String, AppCommand> apps) {
        if (view.drains().hosts().isEmpty()) {
            return;
        }
        for (AppSnapshot app : view.all()) {
            if (app.instances().stream().anyMatch(i -> view.drains().of(i).isPresent())) {
                apps.accept(app.entityId(), new AppCommand.Nudge());
            }
        }
    }
}
