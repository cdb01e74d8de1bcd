#[derive(
    ::weldkit::__private::serde::Serialize,
    ::weldkit::__private::serde::Deserialize,
    ::weldkit::__private::schemars::JsonSchema
)]
#[serde(crate = ":: weldkit :: __private :: serde")]
#[schemars(crate = ":: weldkit :: __private :: schemars")]
#[derive(Debug)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
enum Shape<T: Copy> {
    Point,
    Circle { #[garde(range(min = 1, max = 9))] radius: u32, of: T },
    Named(#[garde(length(equal = 3))] String, Vec<Part>),
}
#[allow(clippy::all, clippy::pedantic)]
const _: () = {
    struct Look<'a, T>(&'a T);
    trait LookYes {
        fn look(
            &self,
            path: &mut dyn ::core::ops::FnMut() -> ::weldkit::__private::garde::Path,
            report: &mut ::weldkit::__private::garde::Report,
        );
    }
    impl<T: ::weldkit::__private::garde::Validate<Context = ()>> LookYes
    for &Look<'_, T> {
        fn look(
            &self,
            path: &mut dyn ::core::ops::FnMut() -> ::weldkit::__private::garde::Path,
            report: &mut ::weldkit::__private::garde::Report,
        ) {
            ::weldkit::__private::garde::Validate::validate_into(
                self.0,
                &(),
                path,
                report,
            )
        }
    }
    #[allow(dead_code)]
    trait LookNo {
        fn look(
            &self,
            _: &mut dyn ::core::ops::FnMut() -> ::weldkit::__private::garde::Path,
            _: &mut ::weldkit::__private::garde::Report,
        ) {}
    }
    impl<T> LookNo for Look<'_, T> {}
    #[automatically_derived]
    impl<T: Copy> ::weldkit::__private::garde::Validate for Shape<T> {
        type Context = ();
        #[allow(unused_variables, unused_mut)]
        fn validate_into(
            &self,
            (): &(),
            mut path: &mut dyn ::core::ops::FnMut() -> ::weldkit::__private::garde::Path,
            report: &mut ::weldkit::__private::garde::Report,
        ) {
            match self {
                Self::Circle { radius: field0, of: field1 } => {
                    let mut path = ::weldkit::__private::garde::util::nested_path!(
                        path, "value"
                    );
                    {
                        let mut path = ::weldkit::__private::garde::util::nested_path!(
                            path, "radius"
                        );
                        if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::range::apply(
                            field0,
                            (
                                ::core::option::Option::Some(1),
                                ::core::option::Option::Some(9),
                            ),
                        ) {
                            report.append(path(), error);
                        }
                    }
                }
                Self::Named(field0, field1) => {
                    let mut path = ::weldkit::__private::garde::util::nested_path!(
                        path, "value"
                    );
                    {
                        let mut path = ::weldkit::__private::garde::util::nested_path!(
                            path, "0"
                        );
                        if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::length::chars::apply(
                            field0,
                            (3, 3),
                        ) {
                            report.append(path(), error);
                        }
                    }
                    {
                        let mut path = ::weldkit::__private::garde::util::nested_path!(
                            path, "1"
                        );
                        (&&Look(field1)).look(&mut path, report);
                    }
                }
                #[allow(unreachable_patterns)]
                _ => {}
            }
        }
    }
};
