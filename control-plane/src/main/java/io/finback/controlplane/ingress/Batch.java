package io.finback.controlplane.ingress;

import akka.actor.typed.ActorRef;
import java.util.List;

/**
 * What an event-sourced entity gets instead of single messages. It answers every one with {@code new Ingress.Done(number)}.
 *
 * @param number names this batch to the ingress
 * @param done the ingress
 */
public record Batch<M>(long number, List<M> messages, ActorRef<Ingress.Signal> done) {
    public Batch {
        messages = List.copyOf(messages);
    }
}
