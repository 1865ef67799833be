package io.finback.nodeagent.task;

import akka.actor.typed.ActorRef;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record TellsAnActor(ActorRef<String> actor) {}
