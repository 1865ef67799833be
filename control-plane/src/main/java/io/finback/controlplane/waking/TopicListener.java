package io.finback.controlplane.waking;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.pubsub.Topic;
import java.util.function.Consumer;

/** Takes what is published on one topic, and what is sent to it alone, to one master's own objects. */
public final class TopicListener {
    private TopicListener() {}

    /** {@code taken} is called by one thread at a time. */
    public static <T> Behavior<T> create(Class<T> type, ActorRef<Topic.Command<T>> topic, Consumer<T> taken) {
        return Behaviors.setup(context -> {
            topic.tell(Topic.subscribe(context.getSelf()));
            return Behaviors.receive(type)
                    .onAnyMessage(message -> {
                        taken.accept(message);
                        return Behaviors.same();
                    })
                    .build();
        });
    }
}
