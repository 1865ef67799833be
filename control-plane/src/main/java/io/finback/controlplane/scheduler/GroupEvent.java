package io.finback.controlplane.scheduler;

import java.time.Instant;
import java.util.List;

/** What happened to groups. */
public sealed interface GroupEvent {
    GroupBook applyTo(GroupBook book);

    /** Groups were made or changed, all at one time. */
    record Kept(Instant at, List<GroupBook.Group> groups) implements GroupEvent {
        public Kept {
            groups = List.copyOf(groups);
        }

        @Override
        public GroupBook applyTo(GroupBook book) {
            return book.kept(groups);
        }
    }

    /** A group and everything in it is gone. */
    record Removed(Instant at, String path) implements GroupEvent {
        @Override
        public GroupBook applyTo(GroupBook book) {
            return book.removed(path);
        }
    }
}
