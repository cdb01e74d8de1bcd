//! The slots of a composite, and what may fill them.

use serde_json::Value;

use super::fits::taker;
use super::{PlannedSlot, Planner};
use crate::composition::definition::{Role, Slot};
use crate::composition::schema::Shape;
use crate::contract::types::{Origin, Type, read};
use crate::contract::{MethodDescriptor, ServiceDescriptor};

impl Planner<'_> {
    /// The slots in the order of their names, without those that cannot be filled.
    pub(super) fn slots(&mut self) -> Vec<PlannedSlot> {
        let composite = self.composite;
        let mut planned = Vec::new();
        for (name, slot) in &composite.slots {
            let at = format!("/slots/{name}");
            let Some(service) = self.services.get(slot.service.as_str()).copied() else {
                let known = self.services.keys().copied();
                self.problems.unknown_as(
                    "service_not_found",
                    "service",
                    &slot.service,
                    &format!("{at}/service"),
                    known,
                );
                continue;
            };
            if let Some(instance) = &slot.instance {
                self.instance(instance, service, &format!("{at}/instance"));
            }
            planned.push(PlannedSlot {
                name: name.clone(),
                service,
                slot: slot.clone(),
                stand_ins: Vec::new(),
            });
        }
        let complete = planned.len() == composite.slots.len();
        let mut stand_ins = Vec::new();
        for (index, stand_in) in planned.iter().enumerate() {
            let Role::Secondary { of, after } = &stand_in.slot.role else {
                continue;
            };
            let at = format!("/slots/{}/of", stand_in.name);
            let known = || {
                composite
                    .slots
                    .iter()
                    .filter(|(_, slot)| slot.role == Role::Primary)
                    .map(|(name, _)| name.as_str())
            };
            match planned
                .iter()
                .position(|slot| slot.name == *of && slot.slot.role == Role::Primary)
            {
                Some(primary) => stand_ins.push((primary, index, *after)),
                None if complete => {
                    self.problems
                        .unknown_as("slot_not_found", "primary slot", of, &at, known())
                }
                None => {}
            }
        }
        for (primary, index, after) in stand_ins {
            planned[primary].stand_ins.push((index, after));
        }
        planned
    }

    fn instance(&mut self, instance: &str, service: &ServiceDescriptor, at: &str) {
        let plugin = self
            .parts
            .instances
            .get(instance)
            .map_or(instance, String::as_str);
        let entries = self
            .parts
            .entries
            .iter()
            .map(|entry| (entry.descriptor.id, entry.descriptor.provides));
        let mut made = self.made.iter().filter(|made| made.name == instance);
        let provides =
            |provided: &[&ServiceDescriptor]| provided.iter().any(|one| one.name == service.name);
        let found = entries
            .clone()
            .any(|(id, provided)| id == plugin && provides(provided))
            || made.any(|made| made.name == service.name);
        if !found {
            let defaults = entries
                .filter(|(_, provided)| provides(provided))
                .map(|(id, _)| id);
            let further = self.parts.instances.keys().map(String::as_str);
            let known: Vec<&str> = defaults.chain(further).collect();
            let what = format!("instance that provides `{}` called", service.name);
            self.problems
                .unknown_as("unknown_instance", &what, instance, at, known);
        }
    }

    /// Whether the stand-ins of a slot can do what one of its methods does.
    pub(super) fn stand_ins(
        &mut self,
        slot: &PlannedSlot,
        slots: &[PlannedSlot],
        method: &MethodDescriptor,
        at: &str,
    ) {
        for (index, after) in &slot.stand_ins {
            let other = &slots[*index];
            let Some(found) = other
                .service
                .methods
                .iter()
                .find(|known| known.name == method.name)
            else {
                let message = format!(
                    "slot `{}` stands in for `{}`, but `{}` has no method `{}`",
                    other.name, slot.name, other.service.name, method.name
                );
                self.problems.add("incompatible_interface", message, at);
                continue;
            };
            self.permission(other.service, found, at);
            if after.is_some() && !(method.read_only || method.idempotent) {
                let message = format!(
                    "`{}.{}` may take effect twice when `{}` is asked beside it",
                    slot.name, method.name, other.name
                );
                let help = "take `after` out: then it takes over only when nothing has happened";
                self.problems
                    .add_with("incompatible_interface", message, at, help);
            }
            if std::ptr::eq(slot.service, other.service) {
                continue;
            }
            let (own, theirs) = (
                format!("`{}.{}`", slot.name, method.name),
                format!("`{}.{}`", other.name, method.name),
            );
            let what = format!("the input of {own}, which {theirs} gets in its place,");
            let given = read(&method.input.get().to_value(), Origin::Taken);
            self.stands_in(&given, &found.input.get().to_value(), &what, at);
            let what = format!("the result of {theirs}, which stands in for that of {own},");
            let given = read(&found.output.get().to_value(), Origin::Written);
            self.stands_in(&given, &method.output.get().to_value(), &what, at);
        }
    }

    fn stands_in(&mut self, given: &Type, taken: &Value, what: &str, at: &str) {
        let help = "let something stand in that takes and gives the same";
        self.answered(taker(Shape::of(taken)).judge(given), what, at, help);
    }

    /// Whether the composite declares what a call needs beyond the name of the service.
    pub(super) fn permission(
        &mut self,
        service: &ServiceDescriptor,
        method: &MethodDescriptor,
        at: &str,
    ) {
        let Some(needed) = method.permission else {
            return;
        };
        let declared = self
            .composite
            .permissions
            .iter()
            .filter_map(|text| crate::security::Permission::new(text).ok());
        if needed == service.name || declared.into_iter().any(|pattern| pattern.covers(needed)) {
            return;
        }
        let message = format!(
            "`{}.{}` needs the permission `{needed}`, which the composite does not declare",
            service.name, method.name
        );
        let mut all = self.composite.permissions.clone();
        all.push(needed.to_owned());
        let help = format!(
            "add to [composites.{}]:\npermissions = {all:?}",
            self.composite.name
        );
        self.problems
            .add_with("permission_denied", message, at, help);
    }

    /// The slot of that name, which a step may call.
    pub(super) fn slot<'s>(
        &mut self,
        name: &str,
        slots: &'s [PlannedSlot],
        at: &str,
    ) -> Option<(usize, &'s PlannedSlot)> {
        let composite = self.composite;
        if let Some(Slot {
            role: Role::Secondary { of, .. },
            ..
        }) = composite.slots.get(name)
        {
            let message = format!("slot `{name}` only stands in for `{of}`");
            self.problems.add_with(
                "slot_not_found",
                message,
                at,
                format!("call `{of}`, or give `{name}` another role"),
            );
            return None;
        }
        let found = slots.iter().enumerate().find(|(_, slot)| slot.name == name);
        if found.is_none() && !composite.slots.contains_key(name) {
            let known = composite.slots.keys().map(String::as_str);
            self.problems
                .unknown_as("slot_not_found", "slot", name, at, known);
        }
        found
    }
}
