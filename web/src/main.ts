import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'

const page = document.querySelector('#page')
if (page) mount(App, { target: page })
