package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.pubsub.Topic;
import io.finback.controlplane.app.ServiceEvent;

/** Takes the events of all masters to this one's {@link EventHub}. One per master. */
final class EventListener {
    private EventListener() {}

    static Behavior<ServiceEvent> create(ActorRef<Topic.Command<ServiceEvent>> topic, EventHub hub) {
        return Behaviors.setup(context -> {
            topic.tell(Topic.subscribe(context.getSelf()));
            return Behaviors.receive(ServiceEvent.class)
                    .onAnyMessage(event -> {
                        hub.accept(event);
                        return Behaviors.same();
                    })
                    .build();
        });
    }
}
