"""Chat templates are programs of the model's: rendered as transformers does, and ended where they would not end."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from small_models import CHAT_TEMPLATE, byte_level_tokenizer

from quanttui.errors import UsageError
from quanttui.torch_engine.templates import TemplateRenderer

MESSAGES = [{"role": "system", "content": "be brief"}, {"role": "user", "content": 'go <home> & "back" – 王'}]
BOS = {"bos_token": "<s>", "eos_token": "</s>"}

# The constructs that published templates use: macros, namespaces, filters, loop controls, generation blocks.
CHATML = """{%- set ns = namespace(seen=false) -%}
{%- for m in messages %}
    {%- if loop.first and m.role != 'system' %}{{ '<|system|>default' }}{% endif -%}
    {%- if m['role'] == 'tool' %}{% continue %}{% endif %}
    {{- '<|' + m['role'] + '|>\\n' + m['content'] | trim + eos_token + '\\n' }}
    {%- set ns.seen = true %}
{%- endfor %}
{%- if tools %}{{ tools | tojson }}{% endif %}
{%- if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% generation %}{% endgeneration %}{% endif %}"""
MACROS = """{% macro one(m) %}
  {% if m.content is string %}{{ m | tojson(indent=2) }}{% else %}{{ raise_exception('no text') }}{% endif %}
{% endmacro %}
{{ bos_token }}{% for m in messages %}{{ one(m) }}{% endfor %}
{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% endif %}{{ dict(a=1).a }}"""


@pytest.fixture(scope="module")
def renderer() -> Iterator[TemplateRenderer]:
    renderer = TemplateRenderer()
    yield renderer
    renderer.close()


@pytest.mark.parametrize("template", [CHAT_TEMPLATE, CHATML, MACROS], ids=["plain", "chatml", "macros"])
def test_a_template_is_rendered_as_transformers_renders_it(renderer: TemplateRenderer, template: str) -> None:
    tokenizer = byte_level_tokenizer(template)
    expected = tokenizer.apply_chat_template(MESSAGES, tokenize=False, add_generation_prompt=True)
    assert renderer.render(template, MESSAGES, BOS) == expected


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ raise_exception('System role not supported') }}", "System role not supported"),
        ("{% for %}", "Expected"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ messages[7].content }}", "no element 7"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recursion"),
        ("{{ 'x' * 2000000000 }}", "memory"),
        ("{{ 'x' * 5000000 }}", "5,000,000 characters"),
        ("{{ range(10 ** 9) }}", "Range too big"),
        ("{{ '\\ud800' }}", "surrogates not allowed"),
    ],
)
def test_what_a_template_raises_is_wrong_usage(renderer: TemplateRenderer, template: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        renderer.render(template, MESSAGES, BOS)
    assert told in caught.value.message
    assert caught.value.hint
    assert renderer.render("still here", MESSAGES, BOS) == "still here"


ENDLESS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = a * b %}{% endfor %}{% endfor %}",
    "{{ 10 ** (10 ** 9) }}",  # one operation of C: no exception can be raised into it
]


@pytest.mark.parametrize("template", ENDLESS, ids=["loops", "power"])
def test_a_template_that_does_not_end_is_ended(renderer: TemplateRenderer, template: str) -> None:
    renderer.render("warm", MESSAGES, BOS)
    renderer.time_limit_seconds = 0.3
    started = time.monotonic()
    try:
        with pytest.raises(UsageError, match=r"did not end within 0\.3 s"):
            renderer.render(template, MESSAGES, BOS)
    finally:
        renderer.time_limit_seconds = 60
    assert time.monotonic() - started < 30
    assert renderer.render("again", MESSAGES, BOS) == "again"
