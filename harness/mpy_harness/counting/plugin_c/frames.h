/* The stack of calls that tree.c follows, and the node of each: part of it, so that both are compiled as one. */
#ifndef MPYH_FRAMES_H
#define MPYH_FRAMES_H

#include "plugin.h"

#define MOST_FRAMES 65536 /* no guest's stack has room for as many: of 8 bytes each they take half a megabyte */

struct frame {
    uint32_t node, address; /* of the node: its function's */
    uint32_t back;          /* where it returns to */
    bool is_unresolved, is_fresh; /* callee not known yet; called, nothing seen of it yet */
    uint32_t left;                /* while unresolved after a jump: the node that jumped */
    int32_t calls;                /* of the node, and instructions: not credited to it yet */
    uint64_t instructions;
};

struct site {
    uint32_t address, rest, after; /* after: the address behind it */
    uint32_t context;              /* the function it lies in, by its begin; the address itself where unknown */
    uint32_t target;               /* of a direct call, 0 for others */
    enum role role;
    bool conditional, is_jump; /* is_jump: it calls nothing */
    struct far_jump far;
    struct {
        uint32_t parent, left, node, numbering; /* numbering: that these are of */
    } last;                 /* what it led to, from where */
};

static struct frame frames[MOST_FRAMES];
static uint32_t depth = 1, beyond; /* frame 0 is the root; beyond: pushed without a frame */
static uint32_t numbering = 1; /* of the nodes: another one when old ones were forgotten */
static bool is_paused;
static uint64_t charged; /* the count up to which contexts have been credited */

static struct frame *top(void) {
    return &frames[depth - 1];
}

uint32_t *frame_node(uint32_t frame) {
    return frame < depth && !frames[frame].is_unresolved ? &frames[frame].node : NULL;
}

/* Credit a frame's node with what was executed in it: when the frame ends or becomes another node's, not at each event. */
static void credit(struct frame *frame) {
    node_credit(frame->node, frame->calls, (int64_t)frame->instructions);
    objects_credited(frame->node, frame->calls, (int64_t)frame->instructions);
    frame->calls = 0;
    frame->instructions = 0;
}

static void charge(uint64_t now) {
    if (!is_paused) {
        top()->instructions += now - charged;
    }
    charged = now;
}

static void push(uint32_t back) {
    if (depth == MOST_FRAMES) {
        beyond++;
        return;
    }
    frames[depth++] = (struct frame){.back = back, .is_unresolved = true, .is_fresh = true};
}

static void pop(void) {
    if (beyond > 0) {
        beyond--;
    } else if (depth > 1) {
        credit(top());
        depth--;
    }
}

static void pop_to(uint32_t target) {
    beyond = 0;
    while (depth > target && depth > 1) {
        pop();
    }
}

/* Return the node of a function that was called in one context, or in another (0: none) that left it by a jump. */
static uint32_t called_node(uint32_t function, uint32_t parent, uint32_t left) {
    /* Functions that call each other by jumps take turns in one frame: each is below its caller once. */
    for (uint32_t node = left; node != parent && node != 0; node = node_parent(node)) {
        if (node_address(node) == function) {
            return node;
        }
    }
    return node_child(left != 0 ? left : parent, function, 0);
}

/* Tell whether a site led to a node when it was passed last in the same context. */
static bool is_as_before(const struct site *site, uint32_t parent, uint32_t left) {
    return site->last.numbering == numbering && site->last.parent == parent && site->last.left == left;
}

/* The top frame, which jumped or shows itself at a site that led elsewhere before, is found to execute a function. */
static __attribute__((noinline)) void resolve_anew(uint32_t function, struct site *site) {
    struct frame *frame = top();
    uint32_t parent = depth > 1 ? frames[depth - 2].node : 0;
    uint32_t left = frame->left;
    if (frame->calls != 0 || frame->instructions != 0) {
        credit(frame);
    }
    frame->is_unresolved = false;
    frame->left = 0;
    if (left != 0 && node_address(left) == function) {
        frame->node = left; /* the jump was one within the function */
    } else {
        bool is_known = site != NULL && is_as_before(site, parent, left);
        frame->node = is_known ? site->last.node : called_node(function, parent, left);
        frame->calls += !is_paused;
        if (site != NULL) {
            site->last.parent = parent;
            site->last.left = left;
            site->last.node = frame->node;
            site->last.numbering = numbering;
        }
    }
    frame->address = function;
}

/* The top frame is found to execute a function, always the same one where a site shows it. */
static inline void resolve(uint32_t function, struct site *site) {
    struct frame *frame = top();
    if (frame->is_fresh && frame->left == 0 && depth > 1 && site != NULL &&
        is_as_before(site, frames[depth - 2].node, 0)) {
        frame->is_unresolved = false;
        frame->node = site->last.node;
        frame->address = function;
        frame->calls += !is_paused;
    } else {
        resolve_anew(function, site);
    }
}

#endif
