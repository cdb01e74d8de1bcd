#[derive(
    ::weldkit::__private::serde::Serialize,
    ::weldkit::__private::schemars::JsonSchema
)]
#[serde(crate = ":: weldkit :: __private :: serde")]
#[schemars(crate = ":: weldkit :: __private :: schemars")]
/// One document.
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The key.
    #[garde(length(min = 1, max = 512), pattern("^[a-z/]+$"))]
    pub key: String,
    #[garde(range(min = 0.0), custom(finite))]
    weight_kg: Option<f64>,
    #[garde(length(max = 8), inner(length(chars, min = 2), ascii))]
    tags: Vec<String>,
    #[serde(default, rename = "sub")]
    parts: Vec<Part>,
    #[garde(skip)]
    unchecked: Part,
    #[cfg(feature = "extra")]
    #[garde(dive)]
    extra: Extra,
    #[garde(ipv4)]
    address: String,
    body: weldkit::Json,
}
#[allow(clippy::all, clippy::pedantic)]
const _: () = {
    #[derive(::weldkit::__private::serde::Deserialize)]
    #[serde(
        crate = ":: weldkit :: __private :: serde",
        remote = "Document",
        rename = "Document"
    )]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, deprecated)]
    struct __DocumentRead {
        key: String,
        weight_kg: Option<f64>,
        tags: Vec<String>,
        #[serde(default, rename = "sub")]
        parts: Vec<Part>,
        unchecked: Part,
        #[cfg(feature = "extra")]
        extra: Extra,
        address: String,
        #[serde(
            deserialize_with = "< :: weldkit :: __private :: strict :: Json as :: weldkit :: __private :: strict :: Strict > :: read"
        )]
        body: weldkit::Json,
    }
    #[automatically_derived]
    impl<'de> ::weldkit::__private::serde::Deserialize<'de> for Document {
        fn deserialize<D: ::weldkit::__private::serde::Deserializer<'de>>(
            deserializer: D,
        ) -> ::core::result::Result<Self, D::Error> {
            __DocumentRead::deserialize(::weldkit::__private::Object(deserializer))
        }
    }
};
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
    impl ::weldkit::__private::garde::Validate for Document {
        type Context = ();
        #[allow(unused_variables, unused_mut)]
        fn validate_into(
            &self,
            (): &(),
            mut path: &mut dyn ::core::ops::FnMut() -> ::weldkit::__private::garde::Path,
            report: &mut ::weldkit::__private::garde::Report,
        ) {
            {
                let mut path = ::weldkit::__private::garde::util::nested_path!(
                    path, "key"
                );
                if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::length::chars::apply(
                    &self.key,
                    (1, 512),
                ) {
                    report.append(path(), error);
                }
                if let ::core::result::Result::Err(error) = {
                    static PATTERN: ::weldkit::__private::garde::rules::pattern::regex::StaticPattern = ::weldkit::__private::garde::rules::pattern::regex::init_pattern!(
                        "^[a-z/]+$"
                    );
                    ::weldkit::__private::garde::rules::pattern::apply(
                        &self.key,
                        (&PATTERN,),
                    )
                } {
                    report.append(path(), error);
                }
            }
            {
                let mut path = ::weldkit::__private::garde::util::nested_path!(
                    path, "weightKg"
                );
                if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::range::apply(
                    &self.weight_kg,
                    (::core::option::Option::Some(0.0), ::core::option::Option::None),
                ) {
                    report.append(path(), error);
                }
                if let ::core::result::Result::Err(error) = (finite)(&self.weight_kg)
                    .map_err(::weldkit::__private::garde::Error::new)
                {
                    report.append(path(), error);
                }
            }
            {
                let mut path = ::weldkit::__private::garde::util::nested_path!(
                    path, "tags"
                );
                if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::length::simple::apply(
                    &self.tags,
                    (0usize, 8),
                ) {
                    report.append(path(), error);
                }
                ::weldkit::__private::garde::rules::inner::apply(
                    &self.tags,
                    |item, key| {
                        let mut path = ::weldkit::__private::garde::util::nested_path!(
                            path, key
                        );
                        if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::length::chars::apply(
                            item,
                            (2, usize::MAX),
                        ) {
                            report.append(path(), error);
                        }
                        if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::ascii::apply(
                            item,
                            (),
                        ) {
                            report.append(path(), error);
                        }
                    },
                );
            }
            {
                let mut path = ::weldkit::__private::garde::util::nested_path!(
                    path, "sub"
                );
                (&&Look(&self.parts)).look(&mut path, report);
            }
            #[cfg(feature = "extra")]
            {
                let mut path = ::weldkit::__private::garde::util::nested_path!(
                    path, "extra"
                );
                ::weldkit::__private::garde::Validate::validate_into(
                    &self.extra,
                    &(),
                    &mut path,
                    report,
                );
            }
            {
                let mut path = ::weldkit::__private::garde::util::nested_path!(
                    path, "address"
                );
                if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::ip::apply(
                    &self.address,
                    (::weldkit::__private::garde::rules::ip::IpKind::V4,),
                ) {
                    report.append(path(), error);
                }
            }
            {
                let mut path = ::weldkit::__private::garde::util::nested_path!(
                    path, "body"
                );
                (&&Look(&self.body)).look(&mut path, report);
            }
        }
    }
};
