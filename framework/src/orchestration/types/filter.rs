//! What is let through: `input`, `output` and `export` with their schemas.

use std::sync::Arc;

use serde_json::Value;

use super::judge::{Given, Wanted};
use super::seen::Here;
use super::walk::Walk;
use crate::contract::types::{Origin, Taker, Type};
use crate::orchestration::definition::Filter;

impl Walk<'_> {
    pub(super) fn filter_in(
        &mut self,
        filter: &Filter,
        pointer: &str,
        value: &Type,
        here: Here<'_>,
    ) -> Type {
        let value = match &filter.schema {
            Some(schema) => {
                let taker = self.taker(schema);
                let given = Given {
                    template: None,
                    value,
                    here,
                };
                self.judge(
                    given,
                    Wanted {
                        pointer: &format!("{pointer}/schema"),
                        what: "what comes in",
                        taker: &taker,
                    },
                );
                value.and(&taker.takes)
            }
            None => value.clone(),
        };
        self.mapped(filter, &value, here)
    }

    pub(super) fn filter_out(
        &mut self,
        filter: &Filter,
        pointer: &str,
        value: &Type,
        here: Here<'_>,
    ) -> Type {
        let Some(schema) = &filter.schema else {
            return self.mapped(filter, value, here);
        };
        let taker = self.taker(schema);
        let given = Given {
            template: filter.map.as_ref(),
            value,
            here,
        };
        let of = self.judge(
            given,
            Wanted {
                pointer: &format!("{pointer}/schema"),
                what: "what comes out",
                taker: &taker,
            },
        );
        of.and(&taker.takes)
    }

    fn taker(&mut self, schema: &Arc<Value>) -> Arc<Taker> {
        let address = Arc::as_ptr(schema) as usize;
        let taker = self.takers.entry(address);
        taker
            .or_insert_with(|| Arc::new(Taker::new(Value::clone(schema), Origin::Checked)))
            .clone()
    }

    pub(super) fn mapped(&mut self, filter: &Filter, value: &Type, here: Here<'_>) -> Type {
        match &filter.map {
            Some(map) => self.render(map, value, here).0,
            None => value.clone(),
        }
    }
}
