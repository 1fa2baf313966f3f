"""The script of a client who has none: who, what for, and a call back."""

PLAIN = """
[[nodes]]
kind = "ask"
id = "who"
title = "お名前"
say = "恐れ入りますが、お名前とお電話番号をお伺いできますでしょうか。"
to = "matter"

  [[nodes.ask]]
  id = "caller_name"
  label = "お名前"
  type = "name"
  mandatory = true
  purpose = "caller_name"

  [[nodes.ask]]
  id = "caller_company"
  label = "会社名"
  purpose = "caller_company"

  [[nodes.ask]]
  id = "caller_number"
  label = "折返し番号"
  type = "phone"
  mandatory = true
  purpose = "caller_number"

[[nodes]]
kind = "ask"
id = "matter"
title = "ご用件"
say = "ありがとうございます。どのようなご用件でしょうか。"
hint = "お客様の言葉のまま書きます。"
to = "promise"

  [[nodes.ask]]
  id = "what_for"
  label = "ご用件"
  mandatory = true
  purpose = "what_for"

[[nodes]]
kind = "promise"
id = "promise"
title = "折返しの約束"
say = "かしこまりました。担当の者に申し伝え、折り返しご連絡いたします。ご都合のよい時間はございますか。"
minutes = 180
to = "end"

  [[nodes.ask]]
  id = "callback_by"
  label = "折返しの期限"
  type = "datetime"
  purpose = "callback_by"

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "お電話ありがとうございました。失礼いたします。"
done = "ご用件を伺い、担当から折り返すとお伝えしました。"
"""
