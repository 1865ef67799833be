package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocation.AllocationEvent;

/** What reaches a framework from the control plane itself. */
public sealed interface FrameworkSignal extends FrameworkMessage {

    /** The allocator's answer or offer. */
    record FromAllocator(AllocationEvent event) implements FrameworkSignal {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.fromAllocator(this);
        }
    }

    /** The actor that had subscribed has ended. */
    record SchedulerGone(ActorRef<SchedulerEvent> scheduler) implements FrameworkSignal {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.schedulerGone(this);
        }
    }

    /** A view wants everything, in parts. */
    record Describe(ActorRef<FrameworkDelta> replyTo) implements FrameworkSignal {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.describe(this);
        }
    }

    /** Be there: from now on the entity keeps its own clock. */
    record Wake() implements FrameworkSignal {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.wake(this);
        }
    }

    /** The framework's own clock: repetitions, its lease at the allocator, news for the views. */
    record Tick() implements FrameworkSignal {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.tick(this);
        }
    }
}
