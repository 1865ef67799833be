package io.finback.controlplane.service;

import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.scheduler.Member;

/** What somebody may do with apps, pods and groups, by their paths. Each check throws what the API answers to who may not. */
public interface Access {
    /** Everything. */
    Access ALL = new Access() {
        @Override
        public boolean sees(String path) {
            return true;
        }

        @Override
        public boolean seesRole(String role) {
            return true;
        }

        @Override
        public void create(String path) {}

        @Override
        public void update(String path) {}

        @Override
        public void delete(String path) {}
    };

    boolean sees(String path);

    /** Whether offers may show what is reserved for it. */
    boolean seesRole(String role);

    void create(String path);

    void update(String path);

    void delete(String path);

    /** The command, if what it does to this app may be done. */
    default AppCommand checked(String appId, AppCommand command) {
        if (command instanceof AppCommand.Create) {
            create(appId);
        } else if (command instanceof AppCommand.Remove) {
            delete(appId);
        } else if (!(command instanceof AppCommand.FindVersion && sees(appId))) {
            update(appId);
        }
        return command;
    }

    /** What a deployment does to one of its apps. */
    default void check(Member member) {
        switch (member.goal()) {
            case CREATE -> create(member.appId());
            case UPDATE, REVERT -> update(member.appId());
            case REMOVE -> delete(member.appId());
        }
    }
}
