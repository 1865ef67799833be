package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import akka.actor.typed.pubsub.Topic;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.GroupsSnapshot;
import io.finback.controlplane.app.HealthReport;
import io.finback.controlplane.app.ServiceEvent;

/** What entities publish to the views of all masters. At most once; every master asks again. */
record Topics(
        ActorRef<Topic.Command<AppSnapshot>> snapshots,
        ActorRef<Topic.Command<QueueReport>> queue,
        ActorRef<Topic.Command<GroupsSnapshot>> groups,
        ActorRef<Topic.Command<HealthReport>> health,
        ActorRef<Topic.Command<ServiceEvent>> events) {}
